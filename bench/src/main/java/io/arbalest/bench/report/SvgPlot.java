package io.arbalest.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Line charts side by side as SVG, with a linear x axis and a logarithmic y axis. Written by hand:
 * a plot of a benchmark needs a few lines and labels, not a library.
 */
public final class SvgPlot {

  /** One measured point. */
  public record Point(double x, double y) {}

  /** A line of one panel; the first series of a plot is drawn last and boldest. */
  public record Series(String name, List<Point> points) {}

  /** One chart. */
  public record Panel(String title, List<Series> series) {}

  private static final int PANEL_WIDTH = 470;
  private static final int PANEL_HEIGHT = 380;
  private static final int LEFT = 64;
  private static final int GAP = 76;

  /** About the width of a character of the title, which one panel is not wide enough for. */
  private static final int TITLE_CHARACTER_WIDTH = 11;

  /** Top of the panels under a legend of one row. */
  private static final int TOP_MIN = 112;

  private static final int LEGEND_ROW_HEIGHT = 20;
  private static final int BOTTOM = 62;

  /** Colour-blind safe, the first for the one that the plot is about. */
  private static final List<String> COLORS =
      List.of("#c8102e", "#0072b2", "#e69f00", "#009e73", "#7b5ea7", "#56b4e9", "#6b7280");

  /** Where there are more series than colours, strokes tell them apart. */
  private static final List<String> DASHES =
      List.of("", " stroke-dasharray=\"7 4\"", " stroke-dasharray=\"2 3\"");

  private final String title;
  private final String subtitle;
  private final String xLabel;
  private final String yLabel;
  private final List<Panel> panels;
  private final List<String> names = new ArrayList<>();
  private final StringBuilder out = new StringBuilder();
  private int top = TOP_MIN;
  private double xMin = Double.MAX_VALUE;
  private double xMax = -Double.MAX_VALUE;
  private double yMin = Double.MAX_VALUE;
  private double yMax = -Double.MAX_VALUE;

  /** A plot of at least one point; every y is positive. */
  public SvgPlot(String title, String subtitle, String xLabel, String yLabel, List<Panel> panels) {
    this.title = title;
    this.subtitle = subtitle;
    this.xLabel = xLabel;
    this.yLabel = yLabel;
    this.panels = List.copyOf(panels);
    for (Panel panel : panels) {
      for (Series series : panel.series()) {
        if (!names.contains(series.name())) {
          names.add(series.name());
        }
        series.points().forEach(this::widen);
      }
    }
    if (xMin > xMax || yMin <= 0) {
      throw new IllegalArgumentException("panels: found no point, or one whose y is not positive");
    }
    double margin = Math.max((xMax - xMin) * 0.03, 1e-4);
    xMin -= margin;
    xMax += margin;
    yMin /= 1.15;
    yMax *= 1.15;
  }

  private void widen(Point point) {
    xMin = Math.min(xMin, point.x());
    xMax = Math.max(xMax, point.x());
    yMin = Math.min(yMin, point.y());
    yMax = Math.max(yMax, point.y());
  }

  /** The document. */
  public String svg() {
    out.setLength(0);
    int panelsWidth = PANEL_WIDTH * panels.size() + GAP * (panels.size() - 1);
    int width = LEFT + Math.max(panelsWidth, title.length() * TITLE_CHARACTER_WIDTH) + 28;
    text(LEFT, 30, "start", "font-size=\"19\" font-weight=\"600\"", title);
    text(LEFT, 51, "start", "fill=\"#6b7280\"", subtitle);
    legend(width);
    for (int i = 0; i < panels.size(); i++) {
      panel(panels.get(i), LEFT + i * (PANEL_WIDTH + GAP));
    }
    String body = out.toString();
    out.setLength(0);
    int height = top + PANEL_HEIGHT + BOTTOM;
    line(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\""
            + " height=\"%d\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"13\""
            + " fill=\"#1f2937\">",
        width, height, width, height);
    line("<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>", width, height);
    out.append(body);
    line("</svg>");
    return out.toString();
  }

  /** Draws the names, in as many rows as they need, and puts the panels below the last. */
  private void legend(int width) {
    double x = LEFT;
    int y = 74;
    for (int i = 0; i < names.size(); i++) {
      // An average character of this font is a little over half as wide as it is high.
      double taken = 28 + names.get(i).length() * 7.3 + 18;
      if (x > LEFT && x + taken > width) {
        x = LEFT;
        y += LEGEND_ROW_HEIGHT;
      }
      line(
          "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"%s\" stroke-width=\"%s\"%s/>",
          x, y, x + 22, y, color(i), i == 0 ? "3.2" : "2", dash(i));
      line("<circle cx=\"%.1f\" cy=\"%d\" r=\"3.4\" fill=\"%s\"/>", x + 11, y, color(i));
      text(x + 28, y + 4.5, "start", i == 0 ? "font-weight=\"600\"" : "", names.get(i));
      x += taken;
    }
    top = TOP_MIN + y - 74;
  }

  private void panel(Panel panel, int left) {
    int bottom = top + PANEL_HEIGHT;
    text(left + PANEL_WIDTH / 2.0, top - 10, "middle", "font-weight=\"600\"", panel.title());
    for (double tick : xTicks()) {
      double x = x(tick, left);
      grid(x, top, x, bottom, "#e5e7eb");
      text(x, bottom + 19, "middle", "fill=\"#4b5563\"", trimmed(tick));
    }
    for (double tick : yTicks()) {
      double y = y(tick);
      grid(left, y, left + PANEL_WIDTH, y, "#e5e7eb");
      text(left - 8, y + 4.5, "end", "fill=\"#4b5563\"", thousands(tick));
    }
    grid(left, bottom, left + PANEL_WIDTH, bottom, "#6b7280");
    grid(left, top, left, bottom, "#6b7280");
    text(left + PANEL_WIDTH / 2.0, bottom + 44, "middle", "", xLabel);
    if (left == LEFT) {
      line(
          "<text x=\"16\" y=\"%.1f\" text-anchor=\"middle\" transform=\"rotate(-90 16 %.1f)\">%s"
              + "</text>",
          top + PANEL_HEIGHT / 2.0, top + PANEL_HEIGHT / 2.0, escape(yLabel));
    }
    // The first series lies on top of the others.
    for (int i = panel.series().size() - 1; i >= 0; i--) {
      series(panel.series().get(i), left);
    }
  }

  private void series(Series series, int left) {
    int rank = names.indexOf(series.name());
    StringBuilder path = new StringBuilder();
    for (Point point : series.points()) {
      path.append(path.length() == 0 ? "M" : " L");
      path.append(String.format(Locale.ROOT, "%.1f %.1f", x(point.x(), left), y(point.y())));
    }
    line(
        "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" stroke-linejoin=\"round\""
            + "%s/>",
        path, color(rank), rank == 0 ? "3.2" : "2", dash(rank));
    for (Point point : series.points()) {
      line(
          "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%s\" fill=\"%s\" stroke=\"#ffffff\"><title>%s"
              + "</title></circle>",
          x(point.x(), left),
          y(point.y()),
          rank == 0 ? "4.2" : "3.4",
          color(rank),
          escape(
              "%s: %s %.4f, %.0f %s"
                  .formatted(series.name(), xLabel, point.x(), point.y(), yLabel)));
    }
  }

  private List<Double> xTicks() {
    double span = xMax - xMin;
    double step = Math.pow(10, Math.floor(Math.log10(span / 5)));
    for (double factor : new double[] {1, 2, 5, 10}) {
      if (span / (step * factor) <= 7) {
        step *= factor;
        break;
      }
    }
    List<Double> ticks = new ArrayList<>();
    for (long i = (long) Math.ceil(xMin / step); i * step <= xMax; i++) {
      ticks.add(i * step);
    }
    return ticks;
  }

  /** 1, 2 and 5 of every decade in the range. */
  private List<Double> yTicks() {
    List<Double> ticks = new ArrayList<>();
    for (double decade = Math.pow(10, Math.floor(Math.log10(yMin))); decade < yMax; decade *= 10) {
      for (double factor : new double[] {1, 2, 5}) {
        if (decade * factor >= yMin && decade * factor <= yMax) {
          ticks.add(decade * factor);
        }
      }
    }
    return ticks;
  }

  private double x(double value, int left) {
    return left + (value - xMin) / (xMax - xMin) * PANEL_WIDTH;
  }

  private double y(double value) {
    return top + PANEL_HEIGHT * (1 - Math.log(value / yMin) / Math.log(yMax / yMin));
  }

  private void grid(double x1, double y1, double x2, double y2, String color) {
    line(
        "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>",
        x1, y1, x2, y2, color);
  }

  private void text(double x, double y, String anchor, String attributes, String words) {
    line(
        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" %s>%s</text>",
        x, y, anchor, attributes, escape(words));
  }

  private void line(String pattern, Object... values) {
    out.append(String.format(Locale.ROOT, pattern, values)).append('\n');
  }

  private static String color(int rank) {
    return COLORS.get(rank % COLORS.size());
  }

  private static String dash(int rank) {
    return DASHES.get(rank / COLORS.size() % DASHES.size());
  }

  private static String trimmed(double value) {
    return String.format(Locale.ROOT, "%.4f", value).replaceAll("\\.?0+$", "");
  }

  private static String thousands(double value) {
    return value >= 1000 ? trimmed(value / 1000) + "k" : String.format(Locale.ROOT, "%.0f", value);
  }

  private static String escape(String words) {
    return words.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
  }
}
