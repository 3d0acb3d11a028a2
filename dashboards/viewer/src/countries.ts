// The map of the world, fetched when the first one is drawn, and the names of countries.
import kazakh from 'i18n-iso-countries/langs/kk.json';
import { language, locale } from './texts';

export interface World {
  width: number;
  height: number;
  shapes: Record<string, string>;
  points: Record<string, [number, number]>;
}

const script = (document.currentScript as HTMLScriptElement | null)?.src ?? location.href;
let asked: Promise<World> | undefined;

export function world(): Promise<World> {
  asked ??= fetch(new URL('map.json', script)).then((answer) => {
    if (!answer.ok) throw new Error(`map.json: ${answer.status}`);
    return answer.json() as Promise<World>;
  });
  asked.catch(() => (asked = undefined)); // so that the next map asks again
  return asked;
}

// country is the name of a code. Browsers know no Kazakh names, so those come along.
export function country(code: string): string {
  const known = (kazakh.countries as Record<string, string | string[]>)[code];
  if (language() === 'kk' && known) return typeof known === 'string' ? known : known[0]!;
  try {
    return new Intl.DisplayNames([locale()], { type: 'region' }).of(code) ?? code;
  } catch {
    return code; // no code of a country
  }
}
