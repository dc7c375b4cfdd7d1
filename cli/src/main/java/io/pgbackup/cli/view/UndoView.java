package io.pgbackup.cli.view;

import io.pgbackup.restore.RestoreUndo.Undone;
import java.nio.file.Path;
import java.util.Optional;

/// What an undo did.
public final class UndoView {
  /// @param restoredKept where the restored data are kept
  /// @param oldBack whether the old data directory is back
  /// @param started whether the server was started
  public record Result(
      String dataDirectory, Optional<String> restoredKept, boolean oldBack, boolean started) {}

  private UndoView() {}

  public static Result json(Undone undone) {
    return new Result(
        undone.dataDirectory().toString(),
        undone.restoredKept().map(Path::toString),
        undone.oldBack(),
        undone.started());
  }

  public static String text(Undone undone) {
    String done = placed(undone);
    if (undone.started()) {
      return done + "  the server runs again\n";
    }
    return undone.oldBack() ? done + "  the server is yours to start\n" : done;
  }

  /// As [#text], where somebody else starts the server.
  public static String placed(Undone undone) {
    StringBuilder text = new StringBuilder();
    text.append(
        undone.oldBack()
            ? "  the old data are back in %s%n".formatted(undone.dataDirectory())
            : "  the unfinished restore of %s is given up%n".formatted(undone.dataDirectory()));
    undone
        .restoredKept()
        .ifPresent(kept -> text.append("  the restored data are in %s%n".formatted(kept)));
    return text.toString();
  }
}
