package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckJniTest {
  @Test
  void theJvmFindsNothingWrongWithOurJni(@TempDir Path directory) throws Exception {
    FreshJvm jvm =
        FreshJvm.run(
            FreshJvm.testClassPath(), List.of("-Xcheck:jni"), SmokeMain.class.getName(), directory);
    assertThat(jvm.output()).contains("smoke: ok");
    assertThat(jvm.exitCode()).as(jvm.output()).isZero();
    assertThat(jvm.output().lines())
        .as("-Xcheck:jni about io.arbalest")
        .noneMatch(line -> line.contains("FATAL ERROR in native method"))
        .noneMatch(line -> line.contains("WARNING in native method"))
        .noneMatch(line -> line.contains("WARNING: JNI"));
  }
}
