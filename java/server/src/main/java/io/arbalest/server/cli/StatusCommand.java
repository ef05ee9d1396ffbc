package io.arbalest.server.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.arbalest.client.ArbalestClient;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code arbalest status}: figures of the server and its datasets. */
@Command(
    name = "status",
    description = "Shows figures of the server and its datasets, or of one dataset.",
    mixinStandardHelpOptions = true)
final class StatusCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ServerOption server;

  @Option(names = "--dataset", paramLabel = "NAME", description = "This dataset alone.")
  private String dataset;

  @Option(names = "--json", description = "As one JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    try (ArbalestClient client = server.connect()) {
      JsonNode status = dataset == null ? client.status() : client.status(dataset);
      if (json) {
        out.println(status);
      } else {
        print(status, "", out);
      }
    }
    out.flush();
    return 0;
  }

  private static String text(JsonNode value) {
    if (!value.isArray()) {
      return value.asText();
    }
    List<String> elements = new ArrayList<>();
    value.forEach(element -> elements.add(element.asText()));
    return String.join(", ", elements);
  }

  private static void print(JsonNode node, String indent, PrintWriter out) {
    node.properties()
        .forEach(
            field -> {
              JsonNode value = field.getValue();
              if (value.isArray() && !value.isEmpty() && value.get(0).isObject()) {
                out.println(indent + field.getKey() + ":");
                value.forEach(
                    element -> {
                      print(element, indent + "  ", out);
                      out.println();
                    });
              } else if (value.isObject()) {
                out.println(indent + field.getKey() + ":");
                print(value, indent + "  ", out);
              } else {
                out.println(indent + field.getKey() + ": " + text(value));
              }
            });
  }
}
