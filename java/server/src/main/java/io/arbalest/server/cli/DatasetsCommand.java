package io.arbalest.server.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.arbalest.client.ArbalestClient;
import io.arbalest.client.DatasetInfo;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code arbalest datasets}: what the server has. */
@Command(name = "datasets", description = "Lists the datasets.", mixinStandardHelpOptions = true)
final class DatasetsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ServerOption server;

  @Option(names = "--json", description = "One JSON object a dataset.")
  private boolean json;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    try (ArbalestClient client = server.connect()) {
      List<DatasetInfo> datasets = client.datasets();
      if (!json) {
        out.println("dataset\trows\tdimension\tmetric\telement\tid");
      }
      for (DatasetInfo info : datasets) {
        JsonNode about = client.describe(info.name());
        out.println(
            json
                ? about.toString()
                : String.join(
                    "\t",
                    info.name(),
                    about.path("rows").asText(),
                    about.path("dimension").asText(),
                    about.path("metric").asText(),
                    about.path("element").asText(),
                    about.path("id_type").asText()));
      }
    }
    out.flush();
    return 0;
  }
}
