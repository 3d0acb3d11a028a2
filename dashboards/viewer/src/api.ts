// What the viewer asks of the aggregator, with the session's cookie.
import type { Annotation, Dashboard, RawFrame } from './grafana';
import { language, t } from './texts';

export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export interface Catalogue {
  dashboards: { uid: string; title: string; description?: string; tags?: string[] }[];
  sites: { id: string; time_zone: string }[];
}

export interface Session {
  name: string;
  role: string;
  check: string;
}

export type Parameters = [string, string][];

async function ask<T>(path: string, parameters: Parameters, init: RequestInit): Promise<T> {
  const query = new URLSearchParams(parameters).toString();
  let answer: Response;
  try {
    answer = await fetch(query ? `${path}?${query}` : path, { credentials: 'same-origin', ...init });
  } catch (problem) {
    if ((problem as Error).name === 'AbortError') throw problem;
    throw new Refused(0, t('error.offline'));
  }
  if (answer.status === 204) return undefined as T;
  const body: unknown = await answer.json().catch(() => undefined);
  if (answer.ok && body !== undefined) return body as T;
  throw new Refused(answer.status, (body as { error?: string })?.error ?? t('error.status', { status: answer.status }));
}

const get = <T>(path: string, parameters: Parameters = [], signal?: AbortSignal): Promise<T> =>
  ask<T>(path, parameters, signal ? { signal } : {});

const withLanguage = (parameters: Parameters = []): Parameters => [...parameters, ['lang', language()]];
const below = (uid: string) => `/api/dashboards/${encodeURIComponent(uid)}`;

export const catalogue = (): Promise<Catalogue> => get('/api/dashboards', withLanguage());
export const dashboard = (uid: string): Promise<Dashboard> => get(below(uid), withLanguage());
export const session = (): Promise<Session> => get('/api/session');

export const options = async (uid: string, name: string, parameters: Parameters): Promise<{ text: string; value: string }[]> =>
  (await get<{ options: { text: string; value: string }[] | null }>(`${below(uid)}/variables/${encodeURIComponent(name)}`, withLanguage(parameters))).options ?? [];

export const annotations = async (uid: string, parameters: Parameters, signal: AbortSignal): Promise<Annotation[]> =>
  (await get<{ annotations: Annotation[] | null }>(`${below(uid)}/annotations`, withLanguage(parameters), signal)).annotations ?? [];

export interface Answer {
  frames: RawFrame[];
  notice?: string;
  took_ms?: number;
}

export const panel = async (uid: string, id: number, parameters: Parameters, signal: AbortSignal): Promise<Answer> => {
  const answer = await get<Answer & { frames: RawFrame[] | null }>(`${below(uid)}/panels/${id}`, withLanguage(parameters), signal);
  return { ...answer, frames: answer.frames ?? [] };
};

const json = (body: unknown): RequestInit => ({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

export const login = (name: string, password: string): Promise<Session> => ask('/api/login', [], json({ name, password }));

export const logout = async (): Promise<void> => {
  const { check } = await session();
  await ask('/api/logout', [], { method: 'POST', headers: { 'Mayak-Check': check } });
};

// atATime is how many panels are asked for at once: browsers keep six connections to a server, and the live view has one.
const atATime = 4;
let running = 0;
const waiting: (() => void)[] = [];

// inTurn runs work when there is room, in the order in which it was handed over.
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= atATime) await new Promise<void>((go) => waiting.push(go));
  running++;
  try {
    return await work();
  } finally {
    running--;
    waiting.shift()?.();
  }
}
