package io.arbalest.store.schema;

import io.arbalest.store.DatasetSpec;
import io.arbalest.store.StoreException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/** Which columns of a dataset are searched by text: their names as a list, and what is refused. */
public final class TextColumns {
  private static final String SEPARATOR = ",";

  /** Result columns of a search with text, which no column of such a dataset may be named as. */
  private static final Set<String> RESERVED =
      Set.of(DatasetSpec.SCORE, DatasetSpec.DENSE_RANK, DatasetSpec.TEXT_RANK);

  private TextColumns() {}

  /** Names with commas between them; blanks around a name do not count. */
  public static List<String> split(String names) {
    return names.isBlank()
        ? List.of()
        : Arrays.stream(names.split(SEPARATOR, -1)).map(String::strip).toList();
  }

  /** What {@link #split} takes apart. */
  public static String join(List<String> names) {
    return String.join(SEPARATOR, names);
  }

  /**
   * Checks the names.
   *
   * @param columns the dataset's metadata columns
   * @return the names in the order of the columns
   * @throws StoreException INVALID_ARGUMENT naming what was found and what is allowed
   */
  public static List<String> checked(List<String> names, List<Field> columns) {
    List<String> allowed =
        columns.stream()
            .filter(column -> column.getType() instanceof ArrowType.Utf8)
            .map(Field::getName)
            .filter(name -> !name.contains(SEPARATOR))
            .toList();
    Set<String> wanted = new HashSet<>();
    for (String name : names) {
      if (!allowed.contains(name)) {
        throw StoreException.invalid(
            "text columns: found '%s'%s, allowed the utf8 columns %s (without a comma in the name)",
            name, describe(name, columns), allowed);
      }
      if (!wanted.add(name)) {
        throw StoreException.invalid("text columns: '%s' occurs twice", name);
      }
    }
    if (!wanted.isEmpty()) {
      checkReserved(columns);
    }
    return allowed.stream().filter(wanted::contains).toList();
  }

  private static void checkReserved(List<Field> columns) {
    for (Field column : columns) {
      if (RESERVED.contains(column.getName())) {
        throw StoreException.invalid(
            "column '%s': the name is reserved in a dataset with text columns, as are %s",
            column.getName(), RESERVED.stream().sorted().toList());
      }
    }
  }

  private static String describe(String name, List<Field> columns) {
    return columns.stream()
        .filter(column -> column.getName().equals(name))
        .findFirst()
        .map(column -> " (" + ColumnTypes.describe(column) + ")")
        .orElse("");
  }
}
