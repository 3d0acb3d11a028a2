// The crosshair of one chart stands at the same moment in every other chart of the page.
import type uPlot from 'uplot';

const plots = new Set<uPlot>();

export const join = (plot: uPlot): void => void plots.add(plot);
export const leave = (plot: uPlot): void => void plots.delete(plot);

// share moves the others' crosshairs to a moment, or takes them away. They say nothing of it, so that there is one tooltip.
export function share(from: uPlot, time: number | undefined): void {
  for (const plot of plots) {
    if (plot === from) continue;
    const { min, max } = plot.scales.x!;
    const inside = time !== undefined && min != null && max != null && time >= min && time <= max;
    plot.setCursor(inside ? { left: plot.valToPos(time, 'x'), top: 0 } : { left: -10, top: -10 }, false);
  }
}
