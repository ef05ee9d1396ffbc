package io.arbalest.server.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.arbalest.client.ArbalestClient;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code arbalest add-columns}: wider rows; prints the columns that there are afterwards. */
@Command(
    name = "add-columns",
    description = "Adds columns to a dataset, null in the rows there are.",
    mixinStandardHelpOptions = true)
final class AddColumnsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ServerOption server;
  @Mixin private DatasetOption dataset;

  @Parameters(
      arity = "1..*",
      paramLabel = "NAME=TYPE",
      description =
          "Columns, such as year=int32. One that the dataset has in the same type is passed over.")
  private List<String> columns;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Map<String, String> types = types();
    try (ArbalestClient client = server.connect()) {
      JsonNode about = client.addColumns(dataset.name(), types);
      out.println("column\ttype\tindex");
      for (JsonNode column : about.path("columns")) {
        out.println(
            String.join(
                "\t",
                column.path("name").asText(),
                column.path("type").asText(),
                column.path("index").asText()));
      }
    }
    out.flush();
    return 0;
  }

  private Map<String, String> types() {
    Map<String, String> types = new LinkedHashMap<>();
    for (String column : columns) {
      int at = column.lastIndexOf('='); // no type has one
      if (at < 1 || at == column.length() - 1) {
        throw misused("columns: found '%s', allowed NAME=TYPE such as year=int32", column);
      }
      String name = column.substring(0, at);
      if (types.put(name, column.substring(at + 1)) != null) {
        throw misused("columns: found '%s' twice, allowed each name once", name);
      }
    }
    return types;
  }

  private ParameterException misused(String message, String found) {
    return new ParameterException(spec.commandLine(), message.formatted(found));
  }
}
