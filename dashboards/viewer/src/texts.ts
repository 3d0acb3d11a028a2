// The viewer's own words, in three languages. A dashboard's words come translated from the API.
import messages from './messages.json';

export const languages = ['en', 'kk', 'ru'] as const;
export type Language = (typeof languages)[number];
export type Message = keyof typeof messages;

let spoken: Language = 'en';

export const language = (): Language => spoken;

// speak sets the language of everything that is drawn from now on.
export function speak(next: Language): void {
  spoken = next;
  document.documentElement.lang = next;
}

// chosen is the language that the address or an earlier visit asks for, else the first of the browser's that there is.
export function chosen(asked: string | null): Language {
  const wishes = [asked, remembered('language'), ...navigator.languages.map((tag) => tag.slice(0, 2))];
  for (const wish of wishes) {
    const found = languages.find((one) => one === wish);
    if (found) return found;
  }
  return 'en';
}

export function t(message: Message, values: Record<string, string | number> = {}): string {
  let text: string = messages[message][spoken];
  for (const [name, value] of Object.entries(values)) text = text.split(`{${name}}`).join(String(value));
  return text;
}

// locale is what Intl formats with. Browsers know no Kazakh: its numbers are written as Russian ones are, with the same spaces, commas and
// signs of currencies. Its dates are written without Intl, and so are names of countries.
export const locale = (): string => ({ en: 'en-GB', ru: 'ru', kk: 'ru' })[spoken];

// Storage may be forbidden; the viewer then forgets what was chosen.
export function remembered(name: string): string | null {
  try {
    return localStorage.getItem(`mayak-${name}`);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`mayak-${name}`, value);
  } catch {
    // forgotten with the tab
  }
}
