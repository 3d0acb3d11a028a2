// The part of Grafana's dashboard JSON that the shipped dashboards use, as the API tells it: without queries.

export interface Dashboard {
  uid: string;
  title: string;
  description?: string;
  tags?: string[];
  panels: Panel[];
  templating?: { list: Variable[] };
  annotations?: { list: { name: string; enable?: boolean; hide?: boolean }[] };
  links?: DashboardLink[];
  time?: { from: string; to: string };
  timepicker?: { refresh_intervals?: string[] };
  refresh?: string | boolean;
  timezone?: string;
}

export interface DashboardLink {
  title: string;
  type: 'link' | 'dashboards';
  url?: string;
  tags?: string[];
  tooltip?: string;
  includeVars?: boolean;
  keepTime?: boolean;
  targetBlank?: boolean;
}

export interface Variable {
  name: string;
  type: 'query' | 'custom' | 'textbox' | 'constant' | 'interval' | string;
  label?: string;
  description?: string;
  hide?: number;
  multi?: boolean;
  includeAll?: boolean;
  allValue?: string;
  current?: { text?: string | string[]; value?: string | string[] };
  options?: { text: string; value: string; selected?: boolean }[];
  query?: unknown;
}

export interface Link {
  title: string;
  url: string;
  targetBlank?: boolean;
}

export interface Threshold {
  color: string;
  value: number | null;
}

export interface Mapping {
  type: 'value' | 'range' | 'regex' | 'special';
  options: unknown;
}

export interface MappingResult {
  text?: string;
  color?: string;
  index?: number;
}

export interface FieldConfig {
  unit?: string;
  decimals?: number | null;
  min?: number | null;
  max?: number | null;
  displayName?: string;
  description?: string;
  noValue?: string;
  thresholds?: { mode: 'absolute' | 'percentage'; steps: Threshold[] };
  mappings?: Mapping[];
  links?: Link[];
  color?: { mode: string; fixedColor?: string };
  custom?: Record<string, any>;
}

export interface Override {
  matcher: { id: string; options?: any };
  properties: { id: string; value?: any }[];
}

export interface Panel {
  id: number;
  type: string;
  title?: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  fieldConfig?: { defaults: FieldConfig; overrides: Override[] };
  options?: Record<string, any>;
  datasource?: { uid?: string } | null;
  targets?: { refId: string; [key: string]: unknown }[];
  transformations?: { id: string; options: any; disabled?: boolean }[];
  links?: Link[];
  interval?: string;
  maxDataPoints?: number | null;
  timeFrom?: string;
  timeShift?: string;
  collapsed?: boolean;
  panels?: Panel[];
}

// What the API answers for a panel.
export interface RawField {
  name: string;
  type: 'time' | 'number' | 'string' | 'boolean';
  values: Value[];
}

export interface RawFrame {
  refId: string;
  name?: string;
  fields: RawField[];
}

export type Value = number | string | boolean | null;

export interface Annotation {
  time: number;
  time_end?: number | null;
  title?: string;
  text?: string;
  tags?: string[];
}

export const all = '$__all';
