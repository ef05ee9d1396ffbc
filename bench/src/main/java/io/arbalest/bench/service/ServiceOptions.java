package io.arbalest.bench.service;

import io.arbalest.bench.data.DataOptions;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that {@code bench ingest}, {@code bench flight} and {@code bench calls} share. */
final class ServiceOptions {

  @Mixin DataOptions data;

  @Option(names = "--rows", defaultValue = "0", description = "Rows of the base (default: all)")
  int rows;

  @Option(
      names = "--batch",
      defaultValue = "1000",
      description = "Rows of a put (default: ${DEFAULT-VALUE})")
  int batch;

  @Option(
      names = "--ef",
      defaultValue = "128",
      description = "Breadth of the searches (default: ${DEFAULT-VALUE})")
  int ef;

  @Option(names = "--json", description = "Writes machine, parameters and rows")
  Path json;

  @Option(names = "--markdown", description = "Writes the table as Markdown")
  Path markdown;

  /** Opens the data and refuses what cannot be. */
  void check() {
    data.resolve();
    if (rows < 0 || batch < 1 || ef < 1) {
      throw data.wrong("--rows is 0 or more, --batch and --ef are 1 or more");
    }
  }

  Map<String, Object> parameters(ServiceData opened) {
    Map<String, Object> parameters = new LinkedHashMap<>();
    parameters.put("base", data.base().toString());
    parameters.put("rows", opened.rows());
    parameters.put("metric", data.metric());
    parameters.put("batch_rows", batch);
    parameters.put("queries", opened.queries().length);
    parameters.put("k", data.k());
    parameters.put("ef", ef);
    return parameters;
  }
}
