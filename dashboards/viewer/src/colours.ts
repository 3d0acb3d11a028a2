// Grafana's names of colours, as they are readable on the panel's ground in either theme.

type Scheme = 'light' | 'dark';

const names: Record<string, Record<Scheme, string>> = {
  green: { light: '#1a7f37', dark: '#5fbf6f' },
  yellow: { light: '#a36a00', dark: '#f2cc0c' },
  orange: { light: '#c2510c', dark: '#ff9830' },
  red: { light: '#c4162a', dark: '#ff6b73' },
  blue: { light: '#1f60c4', dark: '#6ea6f5' },
  purple: { light: '#7c3aad', dark: '#c08ae6' },
  text: { light: '#1d2633', dark: '#e6e9ef' },
  gray: { light: '#5c6775', dark: '#9aa4b2' },
  white: { light: '#1d2633', dark: '#ffffff' },
  black: { light: '#000000', dark: '#e6e9ef' },
};

// Series take these in turn. Neighbours differ in lightness too, for eyes that tell few colours apart.
const palette: Record<Scheme, string[]> = {
  light: ['#1f60c4', '#c2510c', '#1a7f37', '#7c3aad', '#a36a00', '#0b7f8c', '#c4166f', '#5c6775', '#5a4fcf', '#8a4b2a'],
  dark: ['#6ea6f5', '#ff9830', '#5fbf6f', '#c08ae6', '#f2cc0c', '#4fd1dc', '#ff7eb6', '#9aa4b2', '#9d95ff', '#d69a73'],
};

export const scheme = (): Scheme => (document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light');

export const series = (index: number): string => palette[scheme()][index % palette.light.length]!;

// colour turns a name (semi-dark-green is green here) or a CSS colour into one that canvas and SVG take.
export function colour(name: string | undefined, otherwise = 'text'): string {
  if (!name || name === 'transparent') return name ?? colour(otherwise);
  if (name.startsWith('#') || name.startsWith('rgb')) return name;
  return (names[name.replace(/^(super-light|light|semi-dark|dark)-/, '')] ?? names.text!)[scheme()];
}

// ground and ink are what canvas needs of the style sheet.
export const ink = (kind: 'text' | 'faint' | 'line' | 'ground'): string => getComputedStyle(document.documentElement).getPropertyValue(`--${kind}`).trim();

// shade lies between the ground and full colour; part is 0 to 1. Small parts are still seen.
export const shade = (full: string, part: number): string => `color-mix(in srgb, ${full} ${Math.round(12 + 88 * part)}%, var(--ground))`;
