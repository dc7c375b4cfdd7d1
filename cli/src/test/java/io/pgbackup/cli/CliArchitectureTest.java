package io.pgbackup.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/// The command line stays thin: it parses, calls the agent's library, and prints.
class CliArchitectureTest {
  private static final JavaClasses CLI =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.pgbackup.cli");

  @Test
  void usesNoLibraryThatTheAgentHides() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("software.amazon..", "org.quartz..", "java.sql..", "org.postgresql..")
        .because("what they do has a name in the agent's library, and they are slow to load")
        .check(CLI);
  }

  @Test
  void onlyTheDemoStartsPrograms() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.pgbackup.cli.demo..")
        .should()
        .dependOnClassesThat()
        .belongToAnyOf(ProcessBuilder.class)
        .because("servers are started and stopped through the agent's postgres.process")
        .check(CLI);
  }

  @Test
  void packagesAreFreeOfCycles() {
    slices().matching("io.pgbackup.cli.(**)").should().beFreeOfCycles().check(CLI);
  }
}
