/** Charts as SVG that read well on light and on dark pages: no background, and ink that stands out on both. */
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";

const INK = "#848d97";
const GRID = "#848d9740";
const FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif";

/** One colour a kind of thing, in all charts. */
export const COLOURS = { ours: "#2f81f7", rival: "#d29922", floor: "#848d97", bound: "#3fb950" } as const;

const CONFIG = {
  background: "transparent",
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
    labelLimit: 280,
  },
  title: { color: INK, subtitleColor: INK, fontSize: 15, subtitleFontSize: 12, anchor: "start", offset: 12 },
  legend: { labelColor: INK, titleColor: INK, labelFontSize: 12, orient: "bottom", title: null, symbolType: "circle" },
} as const;

/** A chart's SVG. */
export async function toSvg(spec: object): Promise<string> {
  const { spec: program } = compile({ ...spec, config: CONFIG } as unknown as TopLevelSpec);
  const view = new View(parse(program), { renderer: "none" });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}

export interface Bar {
  name: string;
  value: number;
  kind: keyof typeof COLOURS;
}

/** Horizontal bars in the order given, each with its value. */
export function bars(title: string, subtitle: string, unit: string, rows: readonly Bar[], scale = "linear"): object {
  const axis = { ticks: false, domain: false, labelLimit: 320 };
  const y = { field: "name", type: "nominal", sort: null, title: null, axis };
  const x = {
    field: "value",
    type: "quantitative",
    title: unit,
    scale: { type: scale, domainMin: scale === "log" ? 0.1 : 0 },
  };
  return {
    width: 460,
    height: { step: 24 },
    title: { text: title, subtitle },
    data: { values: rows.map((row) => ({ ...row, label: threeDigits(row.value) })) },
    layer: [
      {
        mark: { type: "bar", cornerRadiusEnd: 2, height: 16 },
        encoding: { y, x, ...(scale === "log" ? { x2: { datum: 0.1 } } : {}), color: colourBy("kind") },
      },
      {
        mark: { type: "text", align: "left", dx: 4, color: INK, fontSize: 11 },
        encoding: { y, x, text: { field: "label", type: "nominal" } },
      },
    ],
  };
}

/** A value with three digits that count, however large it is. */
export function threeDigits(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
}

function colourBy(field: string): object {
  return {
    field,
    type: "nominal",
    legend: null,
    scale: { domain: Object.keys(COLOURS), range: Object.values(COLOURS) },
  };
}

export interface Point {
  series: string;
  x: number;
  y: number;
}

export interface LineOptions {
  x: { title: string; scale?: "linear" | "log"; format?: string };
  y: { title: string; scale?: "linear" | "log" };
  /** Colour of each series, in the order of the legend. */
  series: Readonly<Record<string, string>>;
}

/** Lines through points, a colour a series. */
export function lines(title: string, subtitle: string, options: LineOptions, points: readonly Point[]): object {
  return {
    width: 460,
    height: 240,
    title: { text: title, subtitle },
    data: { values: points },
    mark: { type: "line", point: { size: 40 }, strokeWidth: 2 },
    encoding: {
      x: {
        field: "x",
        type: "quantitative",
        title: options.x.title,
        scale: { type: options.x.scale ?? "linear", nice: false },
        axis: { grid: false, format: options.x.format ?? "~s", values: [...new Set(points.map(({ x }) => x))] },
      },
      y: { field: "y", type: "quantitative", title: options.y.title, scale: { type: options.y.scale ?? "linear" } },
      color: {
        field: "series",
        type: "nominal",
        scale: { domain: Object.keys(options.series), range: Object.values(options.series) },
      },
    },
  };
}
