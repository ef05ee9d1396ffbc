package io.arbalest.bench.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What {@code --json} writes: machine, parameters, rows and, where something was built, builds. */
public final class JsonReport {

  private static final ObjectMapper MAPPER =
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE);

  private JsonReport() {}

  /** Writes the report; rows and builds are records, whose names become snake_case keys. */
  public static void write(
      Path file,
      Map<String, Object> machine,
      Map<String, Object> parameters,
      List<?> rows,
      List<?> builds)
      throws IOException {
    write(file, machine, parameters, rows, builds, Map.of());
  }

  /** The same with further lists of records, by their keys. */
  public static void write(
      Path file,
      Map<String, Object> machine,
      Map<String, Object> parameters,
      List<?> rows,
      List<?> builds,
      Map<String, List<?>> more)
      throws IOException {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("machine", machine);
    report.put("parameters", parameters);
    report.put("rows", rows);
    report.put("builds", builds);
    report.putAll(more);
    Files.writeString(file, MAPPER.writeValueAsString(report) + "\n");
  }

  /** Rounds to a number of significant digits: more would be noise. */
  public static double round(double value, int digits) {
    if (value == 0 || !Double.isFinite(value)) {
      return value;
    }
    double scale = Math.pow(10, digits - 1 - Math.floor(Math.log10(Math.abs(value))));
    return Math.round(value * scale) / scale;
  }
}
