package io.arbalest.bench.ann;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;

/** Speed against recall of one contender: what lies between two measured points is interpolated. */
final class Curve {

  /** One setting of the breadth. */
  record Point(double recall, double qps) {}

  private final List<Point> points;

  /** Takes points in any order; of those that another beats in both, none is kept. */
  Curve(List<Point> measured) {
    List<Point> sorted = new ArrayList<>(measured);
    sorted.sort(Comparator.comparingDouble(Point::recall).thenComparingDouble(Point::qps));
    List<Point> frontier = new ArrayList<>();
    for (int i = sorted.size() - 1; i >= 0; i--) {
      if (frontier.isEmpty() || sorted.get(i).qps() > frontier.get(0).qps()) {
        frontier.add(0, sorted.get(i));
      }
    }
    points = frontier;
  }

  /** The points that no other beats, by recall. */
  List<Point> frontier() {
    return List.copyOf(points);
  }

  /**
   * Queries per second at a recall: between its two neighbors, straight in recall and in the
   * logarithm of speed. Below the lowest recall measured the curve's fastest point stands, a floor;
   * above the highest there is no answer.
   */
  OptionalDouble qpsAt(double recall) {
    Point below = null;
    for (Point point : points) {
      if (point.recall() >= recall) {
        if (below == null || point.recall() == recall) {
          return OptionalDouble.of(point.qps());
        }
        double share = (recall - below.recall()) / (point.recall() - below.recall());
        double log = Math.log(below.qps()) + share * Math.log(point.qps() / below.qps());
        return OptionalDouble.of(Math.exp(log));
      }
      below = point;
    }
    return OptionalDouble.empty();
  }

  /** Whether an answer of {@link #qpsAt} is measured on both sides and not a floor. */
  boolean brackets(double recall) {
    return !points.isEmpty()
        && points.get(0).recall() <= recall
        && points.get(points.size() - 1).recall() >= recall;
  }
}
