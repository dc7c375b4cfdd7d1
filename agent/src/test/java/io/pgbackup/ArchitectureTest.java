package io.pgbackup;

import static com.tngtech.archunit.lang.conditions.ArchConditions.be;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/// The borders between the packages. A library that only one package sees can be replaced there;
/// values that know nothing of ours can be tested in milliseconds and trusted everywhere.
class ArchitectureTest {
  private static final JavaClasses AGENT =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.pgbackup");

  @Test
  void onlyScheduleSeesQuartz() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.pgbackup.schedule..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.quartz..")
        .because(
            "our cron is crontab's, and Quartz counts week days differently: one place translates")
        .check(AGENT);
  }

  @Test
  void onlyTheS3StoreAndCredentialsSeeTheAwsSdk() {
    noClasses()
        .that()
        .resideOutsideOfPackages("io.pgbackup.store.s3..", "io.pgbackup.credentials..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("software.amazon..")
        .because("its failures are told apart at one border, and file:// works without it")
        .check(AGENT);
  }

  @Test
  void onlyKubernetesSeesItsClient() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.pgbackup.kubernetes..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.fabric8..")
        .because("whoever does not run on Kubernetes never loads it")
        .check(AGENT);
  }

  @Test
  void theAgentNeedsNoClientOfKubernetes() {
    noClasses()
        .that()
        .resideInAnyPackage("io.pgbackup.agent..", "io.pgbackup.kubernetes.report..")
        .should()
        .transitivelyDependOnClassesThat()
        .resideInAPackage("io.fabric8..")
        .because("it rests in little memory, and the client would be a third of it")
        .check(AGENT);
  }

  @Test
  void onlyPostgresJdbcSeesSql() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.pgbackup.postgres.jdbc..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.sql..", "javax.sql..", "org.postgresql..")
        .because("timeouts, version differences and SQL states are handled in one place")
        .check(AGENT);
  }

  @Test
  void onlyPostgresProcessStartsPrograms() {
    noClasses()
        .that()
        .resideOutsideOfPackages("io.pgbackup.postgres.process..", "io.pgbackup.engine.walg..")
        .should()
        .dependOnClassesThat()
        .belongToAnyOf(ProcessBuilder.class)
        .because("a program needs a user, a deadline and somebody who ends it")
        .check(AGENT);
  }

  @Test
  void postgresValuesUseNothingOfOurs() {
    classes()
        .that()
        .resideInAPackage("io.pgbackup.postgres")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("java..", "org.jspecify..", "io.pgbackup.postgres")
        .because("LSNs, timelines and segments are PostgreSQL's facts and change with nothing else")
        .check(AGENT);
  }

  @Test
  void problemsUseNothingOfOurs() {
    classes()
        .that()
        .resideInAPackage("io.pgbackup.problem")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("java..", "org.jspecify..", "io.pgbackup.problem")
        .because("every package may fail with one")
        .check(AGENT);
  }

  @Test
  void packagesAreFreeOfCycles() {
    slices()
        .matching("io.pgbackup.(**)")
        .should()
        .beFreeOfCycles()
        .because("the package list is to be read in one direction: the way of a WAL segment")
        .check(AGENT);
  }

  @Test
  void everyPackageIsNullMarked() {
    classes()
        .that()
        .resideInAPackage("io.pgbackup..")
        .should(
            be(
                DescribedPredicate.<JavaClass>describe(
                    "in a null-marked package",
                    type -> type.getPackage().isAnnotatedWith(NullMarked.class))))
        .because("NullAway checks nothing in a package that does not say so")
        .check(AGENT);
  }
}
