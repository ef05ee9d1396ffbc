package io.arbalest.server.cli;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.DeleteAck;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code arbalest delete}: rows by their ids or a filter, or a whole dataset. */
@Command(
    name = "delete",
    description = "Deletes rows by their ids or by a filter, or the whole dataset.",
    mixinStandardHelpOptions = true)
final class DeleteCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ServerOption server;
  @Mixin private DatasetOption dataset;

  @ArgGroup(multiplicity = "1")
  private What what;

  /** What to delete. */
  static final class What {
    @Parameters(arity = "1..*", paramLabel = "ID", description = "Ids of rows.")
    private List<String> ids;

    @Option(
        names = "--filter",
        description = "Rows that match, as JSON: {\"field\":\"year\",\"op\":\"<\",\"value\":1990}",
        paramLabel = "JSON")
    private String filter;

    @Option(names = "--drop", description = "The dataset itself, with its files.")
    private boolean drop;
  }

  @Override
  public Integer call() {
    try (ArbalestClient client = server.connect()) {
      if (what.drop) {
        client.drop(dataset.name());
        print("dropped " + dataset.name());
        return 0;
      }
      if (what.filter != null) {
        DeleteAck ack = client.deleteMatching(dataset.name(), what.filter);
        print("deleted %d rows; sequence %d".formatted(ack.deleted(), ack.sequence()));
        return 0;
      }
      Ids type = Ids.of(client, dataset.name());
      DeleteAck ack =
          type.areText()
              ? client.delete(dataset.name(), what.ids)
              : client.delete(dataset.name(), what.ids.stream().mapToLong(type::number).toArray());
      print(
          "deleted %d of %d ids; sequence %d"
              .formatted(ack.deleted(), what.ids.size(), ack.sequence()));
    }
    return 0;
  }

  private void print(String line) {
    spec.commandLine().getOut().println(line);
    spec.commandLine().getOut().flush();
  }
}
