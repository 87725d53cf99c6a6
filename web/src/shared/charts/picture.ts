/** Pictures of figures for documents: a chart with what it is and what it is of written above it. */
import type { ChartOption, Look } from "./option";

const CHART = { width: 960, height: 480 };
const HEAD = 64;
const EDGE = 24;
const SHARP = 2; // dots of the picture for each one of the page
const LINE = 20; // pixels from one line of names to the next
const DOT = 10;
const FONT = "'Inter Variable', system-ui, sans-serif";

/** A name, and the colour that stands for it. */
export interface Named {
  name: string;
  colour: string;
}

/** What is written above a chart: its title, a line on filters and freshness, and what its colours stand for. */
interface Written {
  title: string;
  note: string;
  legend: readonly Named[];
}

/** Draw an option aside, at a size that suits a document, under what is written of it. */
export async function pictured(option: ChartOption, { title, note, legend }: Written, look: Look): Promise<Blob> {
  const { init } = await import("./engine");
  const drawing = init(document.createElement("div"), null, CHART);
  drawing.setOption({ ...option, animation: false });
  const chart = drawing.renderToCanvas({ pixelRatio: SHARP, backgroundColor: look.surface });
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("The browser draws no pictures.");
  pen.font = `12px ${FONT}`;
  const places = placed(legend, (name) => pen.measureText(name).width);
  const head = HEAD + (places.at(-1)?.y ?? -LINE) + LINE;
  canvas.width = (CHART.width + 2 * EDGE) * SHARP;
  canvas.height = (CHART.height + head + EDGE) * SHARP; // to set it forgets all that was set of the pen
  pen.scale(SHARP, SHARP);
  pen.fillStyle = look.surface;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(chart, EDGE, head, CHART.width, CHART.height);
  drawing.dispose();
  const write = (text: string, font: string, colour: string, x: number, y: number) => {
    pen.font = `${font} ${FONT}`;
    pen.fillStyle = colour;
    pen.fillText(text, x, y, CHART.width);
  };
  write(title, "600 18px", look.text, EDGE, 32);
  write(note, "12px", look.dim, EDGE, 52);
  for (const { name, colour, x, y } of places) {
    pen.fillStyle = colour;
    pen.fillRect(EDGE + x, HEAD + y, DOT, DOT);
    write(name, "12px", look.text, EDGE + x + DOT + 6, HEAD + y + DOT);
  }
  return await new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture is too large."))), "image/png");
  });
}

/** Return where names stand in lines as wide as the chart, each after its dot. */
export function placed(legend: readonly Named[], widthOf: (name: string) => number): (Named & { x: number; y: number })[] {
  let x = 0;
  let y = 0;
  return legend.map((one) => {
    const width = DOT + 6 + widthOf(one.name);
    if (x > 0 && x + width > CHART.width) {
      x = 0;
      y += LINE;
    }
    const place = { ...one, x, y };
    x += width + 16;
    return place;
  });
}
