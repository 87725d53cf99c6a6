/** Pictures of figures for documents: a chart with what it is and what it is of written above it. */
import type { ChartOption, Look } from "./option";

const CHART = { width: 960, height: 480 };
const HEAD = 64;
const EDGE = 24;
const SHARP = 2; // dots of the picture for each one of the page
const FONT = "'Inter Variable', system-ui, sans-serif";

/** Draw an option aside, at a size that suits a document, under a title and a line on filters and freshness. */
export async function pictured(option: ChartOption, title: string, note: string, look: Look): Promise<Blob> {
  const { init } = await import("./engine");
  const drawing = init(document.createElement("div"), null, CHART);
  drawing.setOption({ ...option, animation: false });
  const chart = drawing.renderToCanvas({ pixelRatio: SHARP, backgroundColor: look.surface });
  const canvas = document.createElement("canvas");
  canvas.width = (CHART.width + 2 * EDGE) * SHARP;
  canvas.height = (CHART.height + HEAD + EDGE) * SHARP;
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("The browser draws no pictures.");
  pen.scale(SHARP, SHARP);
  pen.fillStyle = look.surface;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(chart, EDGE, HEAD, CHART.width, CHART.height);
  drawing.dispose();
  const write = (text: string, font: string, colour: string, y: number) => {
    pen.font = `${font} ${FONT}`;
    pen.fillStyle = colour;
    pen.fillText(text, EDGE, y, CHART.width);
  };
  write(title, "600 18px", look.text, 32);
  write(note, "12px", look.dim, 52);
  return await new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture is too large."))), "image/png");
  });
}
