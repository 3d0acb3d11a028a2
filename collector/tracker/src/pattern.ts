// Addresses without what may belong to a person.

/** The path of an address in which whatever has digits, but for the version of an interface, is ":id". */
export function pattern(address: string | URL): string {
  return new URL(address, document.baseURI).pathname.replace(/[^/._-]*\d[^/._-]*/g, (part) =>
    /^v\d$/.test(part) ? part : ":id",
  );
}

/** The same with the origin, for what may come from elsewhere. */
export function place(address: string): string {
  const { origin } = new URL(address, document.baseURI);
  return origin + pattern(address);
}
