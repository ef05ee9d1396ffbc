package io.arbalest.e2e;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Calls go one way: server to store to engine; the client knows nothing of the three. */
@AnalyzeClasses(packages = "io.arbalest", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule CALLS_GO_ONE_WAY =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("server")
          .definedBy("io.arbalest.server..")
          .layer("store")
          .definedBy("io.arbalest.store..")
          .layer("engine")
          .definedBy("io.arbalest.engine..")
          .layer("client")
          .definedBy("io.arbalest.client..")
          .whereLayer("server")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("store")
          .mayOnlyBeAccessedByLayers("server")
          .whereLayer("engine")
          .mayOnlyBeAccessedByLayers("server", "store")
          .whereLayer("client")
          .mayOnlyBeAccessedByLayers("server");

  @ArchTest
  static final ArchRule THE_STORE_HAS_NO_NETWORK =
      noClasses()
          .that()
          .resideInAnyPackage("io.arbalest.store..", "io.arbalest.engine..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.apache.arrow.flight..",
              "io.grpc..",
              "io.netty..",
              "java.net..",
              "com.sun.net..",
              "java.nio.channels.spi..");

  @ArchTest
  static final ArchRule ONLY_THE_WIRE_KNOWS_GRPC =
      noClasses()
          .that()
          .resideInAPackage("io.arbalest..")
          .and()
          .resideOutsideOfPackages("io.arbalest.server.flight..", "io.arbalest.server.metrics..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.grpc..", "io.netty..");

  @ArchTest
  static final ArchRule THE_SERVER_DOES_NOT_KNOW_ITS_COMMANDS =
      noClasses()
          .that()
          .resideInAnyPackage(
              "io.arbalest.server.flight..",
              "io.arbalest.server.http..",
              "io.arbalest.server.metrics..")
          .or()
          .haveSimpleName("ArbalestServer")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.arbalest.server.cli..", "io.arbalest.client..", "picocli..");

  @ArchTest
  static final ArchRule NATIVE_CODE_HAS_ONE_DOOR =
      classes()
          .that()
          .resideInAPackage("io.arbalest.engine.internal..")
          .should()
          .onlyBeAccessed()
          .byAnyPackage("io.arbalest.engine..");

  @ArchTest
  static final ArchRule NO_PACKAGES_GO_ROUND_IN_THE_SERVER =
      slices().matching("io.arbalest.server.(*)..").should().beFreeOfCycles();
}
