/** The parts of ECharts that the dashboard draws with; loaded when the first chart is shown. */
import { BarChart, GaugeChart, HeatmapChart, LineChart, PieChart, ScatterChart, TreeChart } from "echarts/charts";
import {
  AriaComponent,
  BrushComponent,
  GridComponent,
  MarkAreaComponent,
  TooltipComponent,
  VisualMapComponent,
} from "echarts/components";
import { init, use as register } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

register([
  AriaComponent,
  BrushComponent,
  BarChart,
  CanvasRenderer,
  GaugeChart,
  GridComponent,
  HeatmapChart,
  LineChart,
  MarkAreaComponent,
  PieChart,
  ScatterChart,
  TooltipComponent,
  TreeChart,
  VisualMapComponent,
]);

export { init };
