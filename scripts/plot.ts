/** Charts as SVG that read well on light and on dark pages: no background, and ink that stands out on both. */
import * as vega from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { threeDigits } from "./benchmarks/section.ts";

const INK = "#768390";
const GRID = "#76839040";
const FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif";
const WIDTH = 460;
const PANEL_WIDTH = 270;
const NO_LIMIT = 0;

/** One colour a kind of thing, in all charts; rivals that have to be told apart have several. */
export const COLOURS = {
  ours: "#2f81f7",
  rival: "#d29922",
  floor: "#768390",
  bound: "#3fb950",
  rival2: "#db61a2",
  rival3: "#a371f7",
} as const;

const CONFIG = {
  background: "transparent",
  // An image is read by its alternative text.
  aria: false,
  font: FONT,
  view: { stroke: null },
  axis: {
    labelColor: INK,
    titleColor: INK,
    gridColor: GRID,
    domainColor: INK,
    tickColor: INK,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: "normal",
    labelLimit: NO_LIMIT,
  },
  title: { color: INK, subtitleColor: INK, fontSize: 15, subtitleFontSize: 12, anchor: "start", offset: 12 },
  legend: {
    labelColor: INK,
    titleColor: INK,
    labelFontSize: 12,
    labelLimit: NO_LIMIT,
    orient: "bottom",
    columnPadding: 16,
    title: null,
  },
} as const;

/** Without a canvas vega takes each letter to be 0.8 of the font's size wide, and leaves a third of a chart empty. */
const LETTER_WIDTH = 0.57;
// It is exported, and missing in the types.
const { textMetrics } = vega as unknown as { textMetrics: Record<string, unknown> };
textMetrics.width = (item: { fontSize: number }, text: string) => LETTER_WIDTH * item.fontSize * String(text).length;

/** A chart's SVG. */
export async function toSvg(spec: object): Promise<string> {
  const { spec: program } = compile({ padding: 8, config: CONFIG, ...spec } as unknown as TopLevelSpec);
  const view = new vega.View(vega.parse(program), { renderer: "none" });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}

const KINDS = { ours: "embed-once", rival: "rival", floor: "floor" } as const;

export interface Bar {
  name: string;
  value: number;
  kind: keyof typeof KINDS;
}

/** Horizontal bars in the order given, each with its value. */
export function bars(
  title: string,
  subtitle: string,
  unit: string,
  rows: readonly Bar[],
  scale: "linear" | "log" = "linear",
): object {
  const least = scale === "log" ? 10 ** Math.floor(Math.log10(Math.min(...rows.map(({ value }) => value)) / 2)) : 0;
  const y = { field: "name", type: "nominal", sort: null, title: null, axis: { ticks: false, domain: false } };
  const x = {
    field: "value",
    type: "quantitative",
    title: axisTitle({ title: unit, scale }),
    scale: { type: scale, domainMin: least },
    axis: { tickCount: 5, ...(scale === "log" ? powersOfTen(least, Math.max(...rows.map(({ value }) => value))) : {}) },
  };
  const kinds = Object.entries(KINDS).filter(([kind]) => rows.some((row) => row.kind === kind));
  const color = colourBy(Object.fromEntries(kinds.map(([kind, name]) => [name, COLOURS[kind as Bar["kind"]]])));
  return {
    width: WIDTH,
    height: { step: 24 },
    title: { text: title, subtitle },
    data: { values: rows.map((row) => ({ ...row, series: KINDS[row.kind], label: threeDigits(row.value) })) },
    layer: [
      { mark: { type: "bar", cornerRadiusEnd: 2, height: 16 }, encoding: { y, x, x2: { datum: least }, color } },
      {
        mark: { type: "text", align: "left", dx: 4, color: INK, fontSize: 11 },
        encoding: { y, x, text: { field: "label", type: "nominal" } },
      },
    ],
  };
}

export interface Dot {
  group: string;
  series: string;
  value: number;
}

/** A row a group and a mark a series in it; colours of the series in the order of the legend, the first one on top. */
export function dots(
  title: string,
  subtitle: string,
  unit: { title: string; ticks: readonly number[] },
  series: Readonly<Record<string, string>>,
  values: readonly Dot[],
): object {
  const names = Object.keys(series);
  return {
    width: WIDTH,
    height: { step: 24 },
    title: { text: title, subtitle },
    // What is drawn later lies on top.
    data: { values: values.toSorted((a, b) => names.indexOf(b.series) - names.indexOf(a.series)) },
    mark: { type: "point", filled: true, size: 80, opacity: 1 },
    encoding: {
      y: {
        field: "group",
        type: "nominal",
        sort: [...new Set(values.map(({ group }) => group))],
        title: null,
        axis: { grid: true, ticks: false, domain: false },
      },
      x: {
        field: "value",
        type: "quantitative",
        title: unit.title,
        scale: { domain: [unit.ticks[0], unit.ticks.at(-1)] },
        axis: { values: unit.ticks },
      },
      color: colourBy(series),
      shape: shapeBy(series),
    },
  };
}

export interface Point {
  series: string;
  x: number;
  y: number;
}

interface Axis {
  title: string;
  scale?: "linear" | "log";
  domain?: readonly [number, number];
}

export interface LineOptions {
  x: Axis;
  y: Axis;
  /** Colour of each series, in the order of the legend. */
  series: Readonly<Record<string, string>>;
}

/** Lines through points, a colour and a shape a series. */
export function lines(title: string, subtitle: string, options: LineOptions, points: readonly Point[]): object {
  return { width: WIDTH, height: 260, title: { text: title, subtitle }, ...lineChart(options, points) };
}

export interface Panel {
  title: string;
  y: Axis;
  points: readonly Point[];
}

/** Charts of lines in two columns, with one legend. */
export function panels(
  title: string,
  subtitle: string,
  { x, series }: Omit<LineOptions, "y">,
  charts: readonly Panel[],
): object {
  return {
    title: { text: title, subtitle },
    columns: 2,
    spacing: 28,
    concat: charts.map((chart) => ({
      width: PANEL_WIDTH,
      height: 180,
      title: { text: chart.title, fontSize: 12, fontWeight: "normal", frame: "group", offset: 8 },
      ...lineChart({ x, y: chart.y, series }, chart.points),
    })),
    resolve: { scale: { color: "shared", shape: "shared" } },
    config: { ...CONFIG, legend: { ...CONFIG.legend, columns: 3 } },
  };
}

function lineChart({ x, y, series }: LineOptions, points: readonly Point[]): object {
  const xs = [...new Set(points.map((point) => point.x))];
  return {
    data: { values: points },
    // Drawn in reverse, so that the first one of the legend lies on top.
    layer: Object.keys(series)
      .reverse()
      .map((name) => ({
        transform: [{ filter: { field: "series", equal: name } }],
        mark: { type: "line", strokeWidth: 2, point: { size: 50, filled: true, opacity: 1 } },
      })),
    encoding: {
      x: {
        field: "x",
        type: "quantitative",
        title: axisTitle(x),
        scale: { type: x.scale ?? "linear", nice: false, padding: 8 },
        axis: { grid: false, format: Math.max(...xs) < 1000 ? "~g" : "~s", values: xs },
      },
      y: {
        field: "y",
        type: "quantitative",
        title: axisTitle(y),
        scale: { type: y.scale ?? "linear", ...(y.domain ? { domain: y.domain } : {}) },
        axis: { tickCount: 5, ...(y.scale === "log" ? logTicks(points.map((point) => point.y)) : {}) },
      },
      color: colourBy(series),
      shape: shapeBy(series),
    },
  };
}

function axisTitle({ title, scale }: Axis): string {
  return scale === "log" ? `${title} (log)` : title;
}

function logTicks(values: readonly number[]): object {
  return powersOfTen(10 ** Math.floor(Math.log10(Math.min(...values))), Math.max(...values) * 10);
}

/** Ticks of a logarithmic axis, each ten times the one before. */
function powersOfTen(least: number, most: number): object {
  const values = [];
  for (let exponent = Math.round(Math.log10(least)); 10 ** exponent <= most; exponent++) values.push(10 ** exponent);
  return { values, format: "~g" };
}

function colourBy(series: Readonly<Record<string, string>>): object {
  const scale = { domain: Object.keys(series), range: Object.values(series) };
  return { field: "series", type: "nominal", title: null, scale };
}

const SHAPES = ["circle", "diamond", "square", "triangle-up", "triangle-down"];

/** A bound is a thin upright bar, which leaves what reaches it to be seen. */
const BOUND_SHAPE = "M-0.18,-1.3L0.18,-1.3L0.18,1.3L-0.18,1.3Z";

function shapeBy(series: Readonly<Record<string, string>>): object {
  const names = Object.keys(series);
  const others = names.filter((name) => series[name] !== COLOURS.bound);
  const range = names.map((name) => SHAPES[others.indexOf(name)] ?? BOUND_SHAPE);
  const scale = { domain: names, range };
  return { field: "series", type: "nominal", title: null, scale };
}
