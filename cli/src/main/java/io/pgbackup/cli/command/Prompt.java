package io.pgbackup.cli.command;

import io.pgbackup.problem.Problem;
import java.io.Console;
import java.util.Optional;

/// Asks the person at the terminal, if there is one.
public interface Prompt {
  /// @return what was typed, or nothing where nobody can be asked
  Optional<String> ask(String question);

  /// Whether what is written goes to a person's screen.
  default boolean isTerminal() {
    return false;
  }

  /// Waits until the person has seen it.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` where there is no terminal
  default void pause(String message) {
    if (ask(message).isEmpty()) {
      throw Problem.misconfigured(
              "nobody can be waited for: this is no terminal", "Use a terminal.")
          .asException();
    }
  }

  /// Returns only if the change was agreed to, by `--yes` or by typing yes.
  ///
  /// @param question without its question mark
  /// @throws io.pgbackup.problem.PgBackupException `Refused` on any other answer; `Misconfigured`
  ///   where there is no terminal and no `--yes`
  default void confirm(String question, boolean yes) {
    if (yes) {
      return;
    }
    String answer =
        ask(question + "? Type yes to go on: ")
            .orElseThrow(
                () ->
                    Problem.misconfigured(
                            "nobody can be asked to confirm: this is no terminal",
                            "Add --yes if the change is meant.")
                        .asException());
    if (!answer.strip().equalsIgnoreCase("yes")) {
      throw Problem.refused("not confirmed; nothing was changed", "Type yes, or add --yes.")
          .asException();
    }
  }

  static Prompt ofThisProcess() {
    return new Terminal();
  }

  /// The one that this process was started from.
  final class Terminal implements Prompt {
    private Terminal() {}

    @Override
    public Optional<String> ask(String question) {
      return console().map(console -> console.readLine("%s", question));
    }

    @Override
    public boolean isTerminal() {
      return console().isPresent();
    }

    // JDK 22 to 24 always gave a console, 25 gives none again where there is no terminal
    @SuppressWarnings("SystemConsoleNull")
    private static Optional<Console> console() {
      return Optional.ofNullable(System.console()).filter(Console::isTerminal);
    }
  }
}
