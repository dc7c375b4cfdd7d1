package io.pgbackup.cli.demo;

import io.pgbackup.postgres.process.ServerUser;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;

/// The whole story. Whatever happens, every program that it started is ended.
///
/// @param out where the story is told
/// @param stay called when all is proved, while everything still runs; empty to end at once
public record Demo(PrintWriter out, Map<String, String> environment, Optional<Runnable> stay) {
  /// @throws io.pgbackup.problem.PgBackupException where something does not hold
  public void run() {
    Narrator story = new Narrator(out, Clock.systemUTC());
    story.plain("A real PostgreSQL, a mistake, and the way back: about a minute and a half.");
    story.blank();
    ServerUser user = ServerUser.forNewDirectory();
    DemoDirectory directory = DemoDirectory.create(user);
    try (Children children = new Children(() -> sayFarewell(story, directory))) {
      perform(story, user, directory, children);
    }
  }

  private void perform(
      Narrator story, ServerUser user, DemoDirectory directory, Children children) {
    try {
      Stage stage = Stage.set(story, user, directory, children, environment);
      new Story(story, stage).tell();
      stay.ifPresent(
          pause -> {
            story.blank();
            stage.showAround(story);
            pause.run();
          });
    } catch (RuntimeException e) {
      children.standStillIfEnding();
      throw e;
    }
  }

  private static void sayFarewell(Narrator story, DemoDirectory directory) {
    story.blank();
    story.plain("Everything is stopped. Data, configuration and logs are in " + directory.root());
    story.plain("To remove them: rm -r " + directory.root());
  }
}
