package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jars that ship: what is in them, and that a fresh JVM runs from them alone. */
class PackagedJarIT {
  private static final Path JAR = Path.of(System.getProperty("arbalest.test.jar"));
  private static final Path NATIVE_JAR = Path.of(System.getProperty("arbalest.test.nativeJar"));

  /** Of the native jar; another than this JVM's where the jar was cross-built. */
  private static final String PLATFORM = System.getProperty("arbalest.test.platform");

  private static final String FOLDER = "io/arbalest/engine/internal/" + PLATFORM + "/";

  @TempDir Path directory;

  /** The packaged jars and what they depend on; of this module only the compiled tests. */
  private static String packagedClassPath(Path... jars) {
    String dependencies =
        Arrays.stream(FreshJvm.testClassPath().split(":"))
            .filter(entry -> entry.endsWith(".jar") && !entry.contains("arbalest-engine"))
            .collect(Collectors.joining(":"));
    String ours = Arrays.stream(jars).map(Path::toString).collect(Collectors.joining(":"));
    Path tests = Path.of(System.getProperty("user.dir"), "target/test-classes");
    return ours + ":" + tests + ":" + dependencies;
  }

  private FreshJvm smoke(String classPath, String... options) throws Exception {
    return FreshJvm.run(classPath, List.of(options), SmokeMain.class.getName(), directory);
  }

  private static Elf elf(String name) throws IOException {
    try (JarFile jar = new JarFile(NATIVE_JAR.toFile())) {
      ZipEntry entry = jar.getEntry(FOLDER + name);
      assertThat(entry).as(FOLDER + name + " in " + NATIVE_JAR).isNotNull();
      try (InputStream bytes = jar.getInputStream(entry)) {
        return new Elf(bytes.readAllBytes());
      }
    }
  }

  private static List<String> entries(Path jar) throws IOException {
    try (JarFile file = new JarFile(jar.toFile())) {
      return file.stream().filter(entry -> !entry.isDirectory()).map(ZipEntry::getName).toList();
    }
  }

  @Test
  void aFreshJvmRunsFromTheJarsAlone() throws Exception {
    FreshJvm jvm = smoke(packagedClassPath(JAR, NATIVE_JAR));
    assertThat(jvm.output()).contains("smoke: ok");
    assertThat(jvm.exitCode()).as(jvm.output()).isZero();
  }

  @Test
  void theMainJarHasNoNativesAndTheNativeJarNothingElse() throws IOException {
    assertThat(entries(JAR))
        .contains("io/arbalest/engine/VectorIndex.class")
        .noneMatch(name -> name.contains(".so"));
    assertThat(entries(NATIVE_JAR))
        .filteredOn(name -> !name.startsWith("META-INF/"))
        .containsExactlyInAnyOrder(FOLDER + "libarbalest.so.1", FOLDER + "libjniarbalest.so");
  }

  @Test
  void theLibraryExportsOnlyItsAbiAndNeedsOnlyLibc() throws IOException {
    Elf library = elf("libarbalest.so.1");
    assertThat(library.machine()).isEqualTo(machine());
    assertThat(library.soname()).isEqualTo("libarbalest.so.1");
    assertThat(library.paths()).containsExactly("$ORIGIN");
    assertThat(library.exported())
        .contains("arb_index_search", "arb_index_open", "arb_last_error")
        .allMatch(symbol -> symbol.startsWith("arb_"));
    assertThat(library.needed()).allMatch(PackagedJarIT::isPartOfLibc);
  }

  @Test
  void theShimExportsOnlyJniAndFindsTheLibraryBesideIt() throws IOException {
    Elf shim = elf("libjniarbalest.so");
    assertThat(shim.machine()).isEqualTo(machine());
    assertThat(shim.paths()).containsExactly("$ORIGIN/");
    assertThat(shim.exported())
        .contains("Java_io_arbalest_engine_internal_Native_arb_1index_1search")
        .allMatch(symbol -> symbol.startsWith("Java_") || symbol.startsWith("JNI_On"));
    assertThat(shim.needed())
        .contains("libarbalest.so.1")
        .allMatch(name -> name.equals("libarbalest.so.1") || isPartOfLibc(name));
  }

  private static int machine() {
    return PLATFORM.equals("linux-x86_64") ? Elf.MACHINE_X86_64 : Elf.MACHINE_AARCH64;
  }

  private static boolean isPartOfLibc(String library) {
    return library.matches("(libc|libm|libpthread|libdl|ld-linux-[a-z0-9-]+)\\.so\\.\\d+");
  }

  @Test
  void withoutANativeJarTheMessageNamesIt() throws Exception {
    FreshJvm jvm = smoke(packagedClassPath(JAR));
    assertThat(jvm.exitCode()).isNotZero();
    assertThat(jvm.output())
        .contains("native library: no arbalest-engine jar with the classifier " + PLATFORM)
        .contains("arbalest-engine-platform");
  }

  @Test
  void aCacheDirectoryThatCannotBeWrittenIsNamed() throws Exception {
    Path file =
        Files.createFile(directory.resolve("file")); // no directory can be made below a file
    FreshJvm jvm =
        smoke(
            packagedClassPath(JAR, NATIVE_JAR),
            "-Dorg.bytedeco.javacpp.cachedir=" + file + "/cache",
            "-Duser.home=" + file + "/home",
            "-Djava.io.tmpdir=" + file + "/tmp");
    assertThat(jvm.exitCode()).isNotZero();
    assertThat(jvm.output())
        .contains("native library: cannot be unpacked to or loaded from " + file + "/cache")
        .contains("-Dorg.bytedeco.javacpp.cachedir=DIRECTORY");
  }

  /** In a mount namespace of its own, where the machine lets this user have one. */
  @Test
  void aCacheDirectoryMountedNoexecIsNamed() throws Exception {
    Path cache = Files.createDirectory(directory.resolve("noexec"));
    String mount = "mount -t tmpfs -o noexec,size=16m tmpfs " + cache + " && exec \"$@\"";
    List<String> namespace =
        List.of("unshare", "--map-root-user", "--mount", "sh", "-c", mount, "sh");
    List<String> probe = new ArrayList<>(namespace);
    probe.add("true");
    FreshJvm mounted = FreshJvm.run(probe, directory);
    assumeThat(mounted.exitCode()).as(mounted.output()).isZero();

    List<String> command = new ArrayList<>(namespace);
    command.addAll(
        FreshJvm.command(
            packagedClassPath(JAR, NATIVE_JAR),
            List.of("-Dorg.bytedeco.javacpp.cachedir=" + cache),
            SmokeMain.class.getName(),
            directory));
    FreshJvm jvm = FreshJvm.run(command, directory);
    assertThat(jvm.exitCode()).isNotZero();
    assertThat(jvm.output())
        .contains("native library: cannot be unpacked to or loaded from " + cache)
        .contains("without noexec");
  }
}
