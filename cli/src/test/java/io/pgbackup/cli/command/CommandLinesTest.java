package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.problem.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLinesTest {
  @ParameterizedTest
  @ValueSource(strings = {"-o json version", "version -o json", "version --output=JSON"})
  void takesGlobalOptionsBeforeAndAfterTheVerb(String line) {
    Run run = Run.of(line.split(" "));

    assertThat(run.status()).isZero();
    assertThat(run.out()).startsWith("{").contains("\"pgbackup\": \"");
    assertThat(run.err()).isEmpty();
  }

  @Test
  void aVerbDoesNotForgetTheGlobalOptionBeforeIt() {
    Run run = Run.of("-o", "json", "version", "-v");

    assertThat(run.out()).startsWith("{");
  }

  @Test
  void versionSaysTheBuiltVersion() {
    assertThat(Run.of("version").out())
        .matches("pgbackup \\d+\\.\\d+\\.\\d+\\S* \\(Java 2.*\\)\\R");
  }

  @Test
  void withoutAVerbShowsItsUseOnStandardError() {
    Run run = Run.of();

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains("Usage: pgbackup", "Verbs:");
  }

  @ParameterizedTest
  @EnumSource(ExitStatus.class)
  void helpListsEveryExitStatus(ExitStatus status) {
    assertThat(Run.of("--help").out())
        .containsPattern("\\s%d   %s".formatted(status.code(), status.meaning()));
  }

  static Set<String> verbs() {
    return CommandLines.create(Run.NO_TERMINAL, List.of()).getSubcommands().keySet();
  }

  @ParameterizedTest
  @MethodSource("verbs")
  void everyVerbThatIsListedSaysHowItIsUsed(String verb) {
    Run run = Run.of(verb, "--help");

    assertThat(run.status()).isZero();
    assertThat(run.out() + run.err()).contains("pgbackup " + verb);
  }

  @Test
  void takesTheVerbFromAFileOfArguments(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("arguments"), "version -o json");

    assertThat(Run.of("@" + file).out()).startsWith("{").contains("\"pgbackup\": \"");
  }

  @Test
  void aMisspeltVerbIsAUsageErrorWithASuggestion() {
    Run run = Run.of("versoin");

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err())
        .isEqualTo(
            """
            ERROR: unmatched argument at index 0: 'versoin'
            HINT: Did you mean 'version'? 'pgbackup --help' shows how it is used.
            """);
  }

  @Test
  void anUnknownOutputFormatIsAUsageError() {
    Run run = Run.of("version", "-o", "xml");

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err())
        .contains("'xml' is none of table, json, env and secret")
        .contains("HINT: ");
  }
}
