package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The example of the README is that of the package's Javadoc, compiles, and prints what it says.
 */
class ExampleTest {
  private static final Path MODULE = Path.of(System.getProperty("user.dir"));

  private static List<String> readmeExample() throws IOException {
    String readme = Files.readString(MODULE.resolve("README.md"));
    Matcher example = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(readme);
    assertThat(example.find()).isTrue();
    return example.group(1).lines().toList();
  }

  @Test
  void itHasAtMost15Lines() throws IOException {
    assertThat(readmeExample()).hasSizeLessThanOrEqualTo(15);
  }

  @Test
  void readmeAndJavadocAgree() throws IOException {
    String javadoc =
        Files.readString(MODULE.resolve("src/main/java/io/arbalest/engine/package-info.java"));
    Matcher example =
        Pattern.compile("<pre>\\{@code\n(.*?) \\* }</pre>", Pattern.DOTALL).matcher(javadoc);
    assertThat(example.find()).isTrue();
    assertThat(example.group(1).lines().map(line -> line.replaceFirst("^ \\* ?", "")))
        .containsExactlyElementsOf(readmeExample());
  }

  @Test
  void itCompilesAndPrintsWhatItsCommentsSay(@TempDir Path directory) throws Exception {
    List<String> example = readmeExample();
    List<String> source = new ArrayList<>();
    source.add("package io.arbalest.engine;");
    source.add("import java.nio.file.*;");
    source.add("import java.util.Arrays;");
    source.add("public final class Example {");
    source.add("  public static void main(String[] args) throws Exception {");
    source.addAll(example);
    source.add("  }");
    source.add("}");
    Path file = Files.write(directory.resolve("Example.java"), source);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    int status =
        compiler.run(
            null,
            null,
            null,
            "-cp",
            FreshJvm.testClassPath(),
            "-d",
            directory.toString(),
            file.toString());
    assertThat(status).isZero();

    FreshJvm jvm =
        FreshJvm.run(
            directory + ":" + FreshJvm.testClassPath(),
            List.of(),
            "io.arbalest.engine.Example",
            directory);
    assertThat(jvm.exitCode()).as(jvm.output()).isZero();
    List<String> promised =
        example.stream()
            .filter(line -> line.contains("println"))
            .map(line -> line.replaceFirst(".*// ", ""))
            .toList();
    assertThat(promised).hasSize(2);
    assertThat(jvm.output().lines().filter(line -> line.startsWith("[")))
        .containsExactlyElementsOf(promised);
  }
}
