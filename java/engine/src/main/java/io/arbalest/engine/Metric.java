package io.arbalest.engine;

/** How near two vectors are. Smaller distances are nearer in every metric. */
public enum Metric {
  /** Squared Euclidean distance. */
  L2("l2"),
  /** 1 − cosine of the angle, 0..2. A zero vector has no direction and is refused. */
  COSINE("cosine"),
  /** The negated inner product. */
  DOT("dot");

  private final String wireName;

  Metric(String wireName) {
    this.wireName = wireName;
  }

  /** The name in schemas, files and messages: {@code l2}, {@code cosine}, {@code dot}. */
  public String wireName() {
    return wireName;
  }

  /**
   * The metric of a wire name.
   *
   * @throws ArbalestException INVALID_ARGUMENT if there is none of that name
   */
  public static Metric fromWireName(String name) {
    for (Metric metric : values()) {
      if (metric.wireName.equals(name)) {
        return metric;
      }
    }
    throw ArbalestException.invalid("metric: found '%s', allowed l2, cosine, dot", name);
  }

  /** The value of {@code arb_metric}. */
  int code() {
    return ordinal();
  }
}
