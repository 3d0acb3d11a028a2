// What Grafana 12 takes, as far as our files go: @grafana/schema, with its holes closed. The published types leave open what is in a
// panel's options, in fieldConfig.custom, in an override's value and in a query, and take any string where JSON has an enum's value.
// What the schema has a default for may be missing, as in Grafana.
import type * as common from '@grafana/schema';
import type * as raw from '@grafana/schema/raw/dashboard';
import type * as barchart from '@grafana/schema/raw/barchart';
import type * as bargauge from '@grafana/schema/raw/bargauge';
import type * as gauge from '@grafana/schema/raw/gauge';
import type * as geomap from '@grafana/schema/raw/geomap';
import type * as heatmap from '@grafana/schema/raw/heatmap';
import type * as piechart from '@grafana/schema/raw/piechart';
import type * as stat from '@grafana/schema/raw/stat';
import type * as statetimeline from '@grafana/schema/raw/statetimeline';
import type * as table from '@grafana/schema/raw/table';
import type * as text from '@grafana/schema/raw/text';
import type * as timeseries from '@grafana/schema/raw/timeseries';

// Json is a type as it is written in JSON: of an enum its values.
type Json<T> = 0 extends 1 & T ? T
  : T extends string ? `${T}`
  : T extends number | boolean | null | undefined ? T
  : T extends (infer U)[] ? Json<U>[]
  : T extends object ? { [K in keyof T]: Json<T[K]> }
  : T;

// But has other types for some keys.
type But<T, Other> = Omit<T, keyof Other> & Other;

type Metrics = { type: 'prometheus'; uid: 'mayak-metrics' };
type Database = { type: 'grafana-clickhouse-datasource'; uid: 'mayak-analyst' | 'mayak-ops' | 'mayak-security' };
type Grafana = { type: 'grafana'; uid: '-- Grafana --' };

// The queries of the two data sources, whose types are not published apart from the plugins.
type DatabaseQuery = Pick<common.DataQuery, 'refId' | 'hide'> & {
  datasource: Database; editorType: 'sql'; queryType: 'table' | 'timeseries'; format: 0 | 1; rawSql: string;
};
type MetricsQuery = Pick<common.DataQuery, 'refId' | 'hide'> & {
  datasource: Metrics; expr: string; legendFormat?: string; instant?: boolean; range?: boolean; format?: 'time_series' | 'table' | 'heatmap';
};

// DataLink is of @grafana/data, which is not the schema's.
type DataLink = { title: string; url: string; targetBlank?: boolean };
type FieldConfig<Custom> = But<Json<raw.FieldConfig>, { custom?: Partial<Json<Custom>>; links?: DataLink[] }>;

// Property is one of an override: what a field may have, or custom. and what a field of this kind of panel may have.
type Property<Custom> =
  | { [K in Exclude<keyof raw.FieldConfig, 'custom'>]-?: { id: K; value: FieldConfig<Custom>[K] } }[Exclude<keyof raw.FieldConfig, 'custom'>]
  | { [K in keyof Custom & string]-?: { id: `custom.${K}`; value: Json<Custom[K]> } }[keyof Custom & string];
type Matcher = { id: 'byName' | 'byRegexp' | 'byType' | 'byFrameRefID'; options: string };
type Source<Custom> = { defaults: FieldConfig<Custom>; overrides: { matcher: Matcher; properties: Property<Custom>[] }[] };

type Transformation =
  | { id: 'organize'; options: { excludeByName?: Record<string, boolean>; indexByName?: Record<string, number>; renameByName?: Record<string, string> } }
  | { id: 'sortBy'; options: { sort: { field: string; desc?: boolean }[] } }
  | { id: 'limit'; options: { limitField: number } }
  | { id: 'joinByField'; options: { byField?: string; mode?: 'outer' | 'inner' | 'outerTabular' } };

// Legends and tooltips have defaults of their own.
type Softly<T> = { [K in keyof T]: K extends 'legend' | 'tooltip' | 'color' | 'yAxis' | 'view' | 'basemap' ? Partial<T[K]> : T[K] };

type Drawn<Type extends string, Options, Custom> = But<Json<Omit<raw.Panel, 'libraryPanel'>>, {
  id: number; type: Type; title: string; gridPos: Json<raw.GridPos>; datasource: Database | Metrics;
  targets: (DatabaseQuery | MetricsQuery)[];
  options: Partial<Softly<Json<Options>>>; fieldConfig: Source<Custom>;
  transformations?: Transformation[]; links?: (Partial<Json<raw.DashboardLink>> & { title: string; url: string })[];
}>;

type Layer = But<Json<common.MapLayerOptions>, {
  type: 'markers';
  config: {
    showLegend?: boolean;
    style: {
      color?: common.ColorDimensionConfig; opacity?: number; size?: Json<common.ScaleDimensionConfig>; rotation?: Json<common.ScalarDimensionConfig>;
      symbol?: Json<common.ResourceDimensionConfig>; text?: Json<common.TextDimensionConfig>;
    };
  };
}>;
type Nothing = common.HideableFieldConfig;

export type Panel =
  | Drawn<'stat', stat.Options, Nothing>
  | Drawn<'gauge', gauge.Options, Nothing>
  | Drawn<'bargauge', bargauge.Options, Nothing>
  | Drawn<'timeseries', timeseries.Options, timeseries.FieldConfig>
  | Drawn<'barchart', barchart.Options, barchart.FieldConfig>
  | Drawn<'piechart', piechart.Options, piechart.FieldConfig>
  | Drawn<'table', table.Options, table.FieldConfig>
  | Drawn<'heatmap', heatmap.Options, heatmap.FieldConfig>
  | Drawn<'state-timeline', statetimeline.Options, statetimeline.FieldConfig>
  | Drawn<'geomap', Omit<geomap.Options, 'layers'> & { layers: Layer[] }, Nothing>
  | But<Json<Pick<raw.Panel, 'description' | 'transparent'>>, { id: number; type: 'text'; title: string; gridPos: Json<raw.GridPos>; options: Json<text.Options> }>
  | But<Json<raw.RowPanel>, { panels: never[] }>;

type Variable = Json<Omit<raw.VariableModel, 'current' | 'datasource' | 'query' | 'type'>> & {
  current: Record<string, never> | Json<raw.VariableOption>;
} & ({ type: 'query'; datasource: Database; query: string; definition: string } | { type: 'custom' | 'textbox'; query: string });

type Annotation =
  | But<Json<Omit<raw.AnnotationQuery, 'target'>>, { datasource: Database; target: DatabaseQuery }>
  | But<Json<Omit<raw.AnnotationQuery, 'target'>>, { datasource: Grafana; target?: Json<raw.AnnotationTarget> }>;

export type Dashboard = But<Json<raw.Dashboard>, {
  uid: string; title: string; schemaVersion: 41;
  links?: (Partial<Json<raw.DashboardLink>> & { title: string; type: raw.DashboardLinkType })[];
  templating: { list: Variable[] }; annotations: { list: Annotation[] }; panels: Panel[];
}>;
