package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.util.Optional;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PromptTest {
  private static final Prompt NOBODY = _ -> Optional.empty();

  @Test
  void yesAsksNobody() {
    assertThatCode(() -> NOBODY.confirm("Change it", true)).doesNotThrowAnyException();
  }

  @Test
  void refusesWhereNobodyCanBeAsked() {
    assertThatThrownBy(() -> NOBODY.confirm("Change it", false))
        .asInstanceOf(InstanceOfAssertFactories.type(PgBackupException.class))
        .extracting(PgBackupException::problem)
        .isInstanceOf(Problem.Misconfigured.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"yes", "YES", " yes "})
  void goesOnWhenYesIsTyped(String answer) {
    Prompt prompt = _ -> Optional.of(answer);

    assertThatCode(() -> prompt.confirm("Change it", false)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "y", "no", "yes please"})
  void anythingElseChangesNothing(String answer) {
    Prompt prompt = _ -> Optional.of(answer);

    assertThatThrownBy(() -> prompt.confirm("Change it", false))
        .asInstanceOf(InstanceOfAssertFactories.type(PgBackupException.class))
        .extracting(PgBackupException::problem)
        .isInstanceOf(Problem.Refused.class);
  }
}
