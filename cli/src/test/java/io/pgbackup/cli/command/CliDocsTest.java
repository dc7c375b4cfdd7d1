package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.problem.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// `docs/cli.md` says what the program does.
class CliDocsTest {
  private static String page() throws IOException {
    return Files.readString(Path.of("../docs/cli.md"));
  }

  @ParameterizedTest
  @EnumSource(ExitStatus.class)
  void listsEveryExitStatus(ExitStatus status) throws IOException {
    assertThat(page()).contains("| %d | %s |".formatted(status.code(), status.meaning()));
  }

  @Test
  void listsEveryVerb() throws IOException {
    Set<String> verbs = CommandLines.create(Run.NO_TERMINAL, List.of()).getSubcommands().keySet();

    assertThat(page()).contains(verbs.stream().map(verb -> "`" + verb).toList());
  }
}
