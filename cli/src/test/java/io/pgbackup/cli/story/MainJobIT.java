package io.pgbackup.cli.story;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.pgbackup.cli.story.ProtectedServer.Moment;
import io.pgbackup.testing.EachRelease;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.NewestRelease;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.S3Server;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

class MainJobIT {
  @TempDir(factory = EnterableTempDir.class)
  Path folder;

  private ProtectedServer protectedServer(PostgresRelease release) {
    S3Server s3 = S3Server.shared();
    return new ProtectedServer(release, folder, s3.storageConfig(s3.newBucket()));
  }

  @EachRelease
  void restoresEachInstantAroundABaseBackup(PostgresRelease release) {
    try (ProtectedServer server = protectedServer(release)) {
      String uid = server.uid();
      server.awaitBackups(uid, 1);
      Moment before = server.write("before the second backup");
      server.archiveEverything();
      server.mustDo("backup");
      Moment between = server.write("between two switches");
      server.archiveEverything();
      Moment late = server.write("late");
      server.archiveEverything();

      for (Moment moment : List.of(before, between, late)) {
        Path target = folder.resolve("restored-" + moment.content().size());
        server.mustDo(server.restore(moment.instant(), target));
        assertThat(server.contentOf(target)).isEqualTo(moment.content());
      }
    }
  }

  @EachRelease
  void restoresInPlaceAgainFromTheOriginalAndUndoesIt(PostgresRelease release) {
    try (ProtectedServer server = protectedServer(release)) {
      String original = server.uid();
      server.awaitBackups(original, 1);
      Moment first = server.write("first");
      server.archiveEverything();
      Moment second = server.write("second");
      server.archiveEverything();

      server.restoreInPlace(first.instant(), "--uid", original);
      String restored = server.uid();
      assertThat(restored).isNotEqualTo(original);
      assertThat(ProtectedServer.content(server.postgres())).isEqualTo(first.content());
      server.awaitBackups(restored, 1);
      Moment onNewLineage = server.write("on the new lineage");
      server.archiveEverything();
      Path again = folder.resolve("again");
      server.mustDo(server.restore(onNewLineage.instant(), again, "--uid", restored));
      assertThat(server.contentOf(again)).isEqualTo(onNewLineage.content());

      server.restoreInPlace(second.instant(), "--uid", original);
      assertThat(server.uid()).isNotIn(original, restored);
      assertThat(ProtectedServer.content(server.postgres())).isEqualTo(second.content());

      server.postgres().stop();
      server.mustDo("undo", "--data-dir", dataDirectory(server), "--yes");
      server.postgres().start();
      assertThat(server.uid()).isEqualTo(restored);
      assertThat(ProtectedServer.content(server.postgres())).isEqualTo(onNewLineage.content());
      Moment afterUndo = server.write("after the undo");
      server.archiveEverything();
      Path later = folder.resolve("after-undo");
      server.mustDo(server.restore(afterUndo.instant(), later, "--uid", restored));
      assertThat(server.contentOf(later)).isEqualTo(afterUndo.content());
    }
  }

  private static String dataDirectory(ProtectedServer server) {
    return server.postgres().dataDirectory().toString();
  }

  @NewestRelease
  void refusesWhatCannotBeRestoredAndNamesTheNearestInstants(PostgresRelease release) {
    try (ProtectedServer server = protectedServer(release)) {
      server.awaitBackups(server.uid(), 1);
      server.write("one");
      server.archiveEverything();
      JsonNode window =
          server.json("window", "--cluster", "orders").path(0).path("windows").path(0);
      String start = window.path("start").asText();
      String end = window.path("end").asText();

      assertThat(restore(server, "2026-11-21 02:13:40").status()).isEqualTo(2);
      assertThat(restore(server, "2026-11-21 02:13:40").err()).contains("offset", "Z");
      assertThat(restore(server, "2020-01-01T00:00:00Z").status()).isEqualTo(4);
      assertThat(restore(server, "2020-01-01T00:00:00Z").err()).contains(start);
      assertThat(restore(server, end).status()).isEqualTo(4);
      assertThat(restore(server, end).err()).contains("--latest");
      assertThat(restore(server, "2099-01-01T00:00:00Z").status()).isEqualTo(4);
      assertThat(restore(server, start).status()).isZero();
    }
  }

  private Installation.Answer restore(ProtectedServer server, String timestamp) {
    return server.pgbackup(server.restore(timestamp, folder.resolve("restored")));
  }

  @NewestRelease
  void anAgentKilledWhileItArchivesLosesNothing(PostgresRelease release) {
    try (ProtectedServer server = protectedServer(release)) {
      String uid = server.uid();
      server.awaitBackups(uid, 1);
      for (int round = 0; round < 3; round++) {
        server.write("before kill " + round);
        server.postgres().sql("select pg_switch_wal()");
        server.killAgent();
        server.write("while it was gone " + round);
        server.restartAgent();
      }
      Moment all = server.write("all");
      server.archiveEverything();

      Path target = folder.resolve("restored");
      server.mustDo(server.restore(all.instant(), target));
      assertThat(server.contentOf(target)).isEqualTo(all.content());
      assertThat(server.json("window", "--cluster", "orders").path(0).path("gaps")).isEmpty();
    }
  }
}
