package io.arbalest.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.arbalest.client.ResultStream;
import io.arbalest.client.SearchQuery;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.StructVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java code of the server's README decodes what a server sends. */
class SnippetTest {
  private static final Path ROOT =
      Path.of(System.getProperty("arbalest.e2e.basedir", ".")).resolve("../..");
  private static final int DIMENSION = 96;

  @Test
  void theReadmeDecodesSq8(@TempDir Path data, @TempDir Path classes) throws Exception {
    try (URLClassLoader loader = compile(classes);
        LiveServer live = LiveServer.start(data)) {
      Method decode =
          loader.loadClass("Snippet").getDeclaredMethod("decode", StructVector.class, int.class);
      try (VectorSchemaRoot batch = Batches.random(live.allocator(), 0, 50, DIMENSION, 1)) {
        live.client().put("d", batch);
      }
      float[][] rows = Batches.randomVectors(50, DIMENSION, 1);
      try (ResultStream results = live.client().search(SearchQuery.of("d").like(3).k(50))) {
        assertThat(results.next()).isTrue();
        StructVector vector = (StructVector) results.root().getVector("vector");
        BigIntVector ids = (BigIntVector) results.root().getVector("id");
        assertThat(results.root().getRowCount()).isEqualTo(50);
        for (int row = 0; row < 50; row++) {
          float[] decoded = (float[]) decode.invoke(null, vector, row);
          float[] wanted = rows[(int) ids.get(row)];
          float scale = ((Float4Vector) vector.getChild("scale")).get(row);
          assertThat(decoded).hasSize(DIMENSION);
          for (int i = 0; i < DIMENSION; i++) {
            float rounding = Math.abs(wanted[i]) * 0x1p-11f;
            assertThat(decoded[i]).isCloseTo(wanted[i], within(scale / 2 + rounding + 1e-6f));
          }
        }
      }
    }
  }

  /** The README's one Java block as the methods of a class, with the imports that it needs. */
  private static URLClassLoader compile(Path classes) throws Exception {
    String readme = Files.readString(ROOT.resolve("java/server/README.md"));
    Matcher block = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(readme);
    assertThat(block.find()).isTrue();
    List<String> source =
        List.of(
            "import org.apache.arrow.vector.*;",
            "import org.apache.arrow.vector.complex.*;",
            "public final class Snippet {",
            block.group(1).replace("static float[]", "public static float[]"),
            "}");
    Path file = Files.write(classes.resolve("Snippet.java"), source);
    assertThat(block.find()).as("a second block that nothing runs").isFalse();
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-cp", classPath, "-d", classes.toString(), file.toString());
    assertThat(status).isZero();
    return new URLClassLoader(new URL[] {classes.toUri().toURL()});
  }
}
