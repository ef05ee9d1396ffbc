package io.arbalest.store.filter;

import java.util.List;
import java.util.Objects;

/**
 * Which rows are wanted, as a tree over metadata columns.
 *
 * <p>Values are a {@code String}, a {@code Boolean} or a {@code java.math.BigDecimal}, whatever the
 * column's type: what the column makes of them is decided, or refused, when the tree is compiled. A
 * row whose column is null matches none of the comparisons, and {@link Not} of a comparison matches
 * it: {@code not} is the complement within the rows that live.
 */
public sealed interface Filter {
  /** Memory of the tree, estimated: its nodes say more than they hold. */
  default long bytes() {
    return 4L * toString().length();
  }

  /** The rows that match every operand; with none, all rows. */
  record And(List<Filter> operands) implements Filter {
    public And {
      operands = List.copyOf(operands);
    }
  }

  /** The rows that match an operand; with none, no row. */
  record Or(List<Filter> operands) implements Filter {
    public Or {
      operands = List.copyOf(operands);
    }
  }

  /** The rows that do not match the operand. */
  record Not(Filter operand) implements Filter {
    public Not {
      Objects.requireNonNull(operand);
    }
  }

  /** The rows whose value stands in a relation to this one. */
  record Compare(String field, Comparison op, Object value) implements Filter {
    public Compare {
      Objects.requireNonNull(value);
    }
  }

  /** The rows whose value is one of these. */
  record In(String field, List<Object> values) implements Filter {
    public In {
      values = List.copyOf(values);
    }
  }

  /** The rows whose value is neither below {@code low} nor above {@code high}. */
  record Between(String field, Object low, Object high) implements Filter {
    public Between {
      Objects.requireNonNull(low);
      Objects.requireNonNull(high);
    }
  }

  /** The rows whose value is null. */
  record IsNull(String field) implements Filter {}

  /** The rows whose list has this element, or whose text has this part. */
  record Contains(String field, Object value) implements Filter {
    public Contains {
      Objects.requireNonNull(value);
    }
  }

  /** How a value is compared. */
  enum Comparison {
    EQ("="),
    NE("!="),
    LT("<"),
    LE("<="),
    GT(">"),
    GE(">=");

    private final String symbol;

    Comparison(String symbol) {
      this.symbol = symbol;
    }

    /** As the wire writes it. */
    public String symbol() {
      return symbol;
    }
  }
}
