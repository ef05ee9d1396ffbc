package io.arbalest.store;

import io.arbalest.store.filter.Filter;
import io.arbalest.store.filter.Filter.Comparison;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/**
 * Rows whose columns know of their vectors, random filters over them, and the plainest way to say
 * whether a row matches. Vector components are small integers: float16 keeps them, and squared
 * distances of them are exact.
 */
final class FilterModel {
  static final Field TOPIC = field("topic", ArrowType.Utf8.INSTANCE);
  static final Field RANK = field("rank", new ArrowType.Int(32, true));
  static final Field FLAG = field("flag", ArrowType.Bool.INSTANCE);

  private static final int TOPICS = 10;
  private static final int SPREAD = 6;
  private static final int CENTRE_RANGE = 24;
  private static final int RANKS = 1_000;
  private static final int DEPTH_MAX = 3;

  /**
   * A row as it was put; nulls are nulls. Its topic mostly tells the cluster of its vector, and its
   * rank mostly grows with the first component.
   */
  record Item(long id, float[] vector, String topic, Integer rank, Boolean flag) {}

  private final Random random;
  private final int dimension;
  private final float[][] centres;

  FilterModel(Random random, int dimension) {
    this.random = random;
    this.dimension = dimension;
    this.centres = new float[TOPICS][dimension];
    for (float[] centre : centres) {
      for (int i = 0; i < dimension; i++) {
        centre[i] = random.nextInt(2 * CENTRE_RANGE) - CENTRE_RANGE;
      }
    }
  }

  private static Field field(String name, ArrowType type) {
    return new Field(name, FieldType.nullable(type), null);
  }

  int dimension() {
    return dimension;
  }

  /** A dataset for such rows, cheap to index. */
  DatasetSpec spec(String name) {
    return Batches.spec(name, IdType.INT64, dimension).withColumns(List.of(TOPIC, RANK, FLAG));
  }

  /** A random row. */
  Item item(long id) {
    int cluster = random.nextInt(TOPICS);
    float[] vector = around(centres[cluster]);
    boolean isOfCluster = random.nextInt(10) < 9;
    String topic = "t" + (isOfCluster ? cluster : random.nextInt(TOPICS));
    int place = (int) ((vector[0] + CENTRE_RANGE + SPREAD) * RANKS / 2 / (CENTRE_RANGE + SPREAD));
    Integer rank = random.nextInt(10) < 9 ? place : random.nextInt(RANKS);
    return new Item(
        id,
        vector,
        random.nextInt(20) == 0 ? null : topic,
        random.nextInt(20) == 0 ? null : rank,
        random.nextInt(20) == 0 ? null : (Boolean) random.nextBoolean());
  }

  /** A query in the midst of a cluster. */
  float[] query() {
    return around(centres[random.nextInt(TOPICS)]);
  }

  private float[] around(float[] centre) {
    float[] vector = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      vector[i] = centre[i] + random.nextInt(2 * SPREAD + 1) - SPREAD;
    }
    return vector;
  }

  /** A random tree. With clusters as they are, some match near a query and some far from it. */
  Filter filter() {
    return filter(DEPTH_MAX);
  }

  private Filter filter(int depth) {
    return switch (depth == 0 ? 3 : random.nextInt(7)) {
      case 0 -> new Filter.And(operands(depth));
      case 1 -> new Filter.Or(operands(depth));
      case 2 -> new Filter.Not(filter(depth - 1));
      default -> leaf();
    };
  }

  private List<Filter> operands(int depth) {
    List<Filter> operands = new ArrayList<>();
    for (int i = 0; i < 2 + random.nextInt(2); i++) {
      operands.add(filter(depth - 1));
    }
    return operands;
  }

  private Filter leaf() {
    return switch (random.nextInt(9)) {
      case 0 -> new Filter.Compare("topic", Comparison.EQ, topic());
      case 1 -> new Filter.Compare("topic", Comparison.NE, topic());
      case 2 -> new Filter.In("topic", List.of(topic(), topic(), topic()));
      case 3 -> new Filter.Contains("topic", String.valueOf(random.nextInt(TOPICS)));
      case 4 -> new Filter.Compare("flag", Comparison.EQ, random.nextBoolean());
      case 5 -> new Filter.IsNull(List.of("topic", "rank", "flag").get(random.nextInt(3)));
      case 6 -> {
        int low = random.nextInt(RANKS);
        int high = low + random.nextInt(RANKS / 5);
        yield new Filter.Between("rank", BigDecimal.valueOf(low), BigDecimal.valueOf(high));
      }
      default -> {
        Comparison[] ops = Comparison.values();
        Comparison op = ops[random.nextInt(ops.length)];
        yield new Filter.Compare("rank", op, BigDecimal.valueOf(random.nextInt(RANKS)));
      }
    };
  }

  private String topic() {
    return "t" + random.nextInt(TOPICS);
  }

  /** Whether a row matches, by the definition in {@link Filter}. */
  static boolean matches(Filter filter, Item item) {
    if (filter instanceof Filter.And and) {
      return and.operands().stream().allMatch(operand -> matches(operand, item));
    }
    if (filter instanceof Filter.Or or) {
      return or.operands().stream().anyMatch(operand -> matches(operand, item));
    }
    if (filter instanceof Filter.Not not) {
      return !matches(not.operand(), item);
    }
    if (filter instanceof Filter.IsNull isNull) {
      return value(item, isNull.field()) == null;
    }
    if (filter instanceof Filter.In in) {
      Object value = value(item, in.field());
      return value != null && in.values().contains(value);
    }
    if (filter instanceof Filter.Contains contains) {
      Object value = value(item, contains.field());
      return value != null && ((String) value).contains((String) contains.value());
    }
    if (filter instanceof Filter.Between between) {
      return compares(value(item, between.field()), Comparison.GE, between.low())
          && compares(value(item, between.field()), Comparison.LE, between.high());
    }
    Filter.Compare compare = (Filter.Compare) filter;
    return compares(value(item, compare.field()), compare.op(), compare.value());
  }

  private static Object value(Item item, String field) {
    return switch (field) {
      case "topic" -> item.topic();
      case "flag" -> item.flag();
      default -> item.rank() == null ? null : BigDecimal.valueOf(item.rank());
    };
  }

  private static boolean compares(Object found, Comparison op, Object value) {
    if (found == null) {
      return false;
    }
    if (op == Comparison.EQ || op == Comparison.NE) {
      return found.equals(value) == (op == Comparison.EQ);
    }
    int order = ((BigDecimal) found).compareTo((BigDecimal) value);
    return switch (op) {
      case LT -> order < 0;
      case LE -> order <= 0;
      case GT -> order > 0;
      default -> order >= 0;
    };
  }

  /** The squared distance, exactly. */
  static float distance(float[] left, float[] right) {
    float sum = 0;
    for (int i = 0; i < left.length; i++) {
      sum += (left[i] - right[i]) * (left[i] - right[i]);
    }
    return sum;
  }
}
