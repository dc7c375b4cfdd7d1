package io.pgbackup.cli.command;

import io.pgbackup.restore.RestoreListener;
import io.pgbackup.restore.RestoreStep;
import java.util.function.Consumer;

/// Tells on standard error how a restore gets on: one line for each step.
record Progress(Consumer<String> say) implements RestoreListener {
  @Override
  public void begun(RestoreStep step) {
    say.accept("  " + step.description());
  }

  @Override
  public void note(String message) {
    say.accept("  " + message);
  }

  @Override
  public void warning(String message) {
    say.accept("WARNING: " + message);
  }
}
