package io.arbalest.store.filter;

import io.arbalest.store.StoreException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.arrow.vector.types.pojo.Field;

/** How a metadata column is indexed for filters: the column's metadata {@value #KEY} says it. */
public enum IndexKind {
  /**
   * {@link #RANGE} for numbers and times, {@link #BITMAP} for bools; texts and lists take {@link
   * #BITMAP} where few values occur, else {@link #EXACT}: decided for each segment of rows.
   */
  AUTO,
  /** A bitmap of rows for each value. */
  BITMAP,
  /** The rows in the order of their values: for numbers and times. */
  RANGE,
  /** From a value's hash to its rows: for texts and lists. */
  EXACT,
  /** No index: filters read the column. */
  NONE;

  /** Metadata of a column's field. */
  public static final String KEY = "arbalest.index";

  /** As the metadata has it. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * What a column's metadata asks for; {@link #AUTO} where it asks for nothing.
   *
   * @throws StoreException INVALID_ARGUMENT naming the column, what was found and what is allowed
   */
  public static IndexKind of(Field column) {
    Map<String, String> metadata = column.getMetadata();
    String name = metadata == null ? null : metadata.get(KEY);
    if (name == null) {
      return AUTO;
    }
    List<IndexKind> allowed = ColumnKind.of(column).indexes();
    return allowed.stream()
        .filter(kind -> kind.wireName().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                StoreException.invalid(
                    "column '%s': %s: found '%s', allowed %s",
                    column.getName(),
                    KEY,
                    name,
                    Arrays.toString(allowed.stream().map(IndexKind::wireName).toArray())));
  }
}
