package io.pgbackup.cli.story;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.cli.story.ProtectedServer.Moment;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.FaultyProxy;
import io.pgbackup.testing.FaultyProxy.Request;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.S3Server;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every request of the main job, as it goes over the wire: an agent archives and backs up, and the
/// command line restores into a directory and in place.
class CreateOnlyIT {
  @TempDir(factory = EnterableTempDir.class)
  Path folder;

  @Test
  void nothingIsWrittenThatCouldOverwriteSomething() {
    S3Server s3 = S3Server.shared();
    String bucket = s3.newBucket();
    try (FaultyProxy proxy = FaultyProxy.before(s3.endpoint());
        ProtectedServer server =
            new ProtectedServer(
                PostgresRelease.NEWEST, folder, s3.storageConfig(bucket, proxy.endpoint()))) {
      // given more than fits into one part
      server
          .postgres()
          .sql(
              "create table noise as select sha512(i::text::bytea) as noise"
                  + " from generate_series(1, 600000) as i");
      String original = server.uid();
      server.awaitBackups(original, 1);
      server.mustDo("backup");
      Moment moment = server.write("one");
      server.archiveEverything();

      // when
      server.mustDo(server.restore(moment.instant(), folder.resolve("restored")));
      server.restoreInPlace(moment.instant());
      server.awaitBackups(server.uid(), 1);
      assertThat(server.uid()).isNotEqualTo(original);

      // then
      List<Request> requests = proxy.requests();
      List<Request> writes = requests.stream().filter(CreateOnlyIT::makesAnObject).toList();
      assertThat(writes)
          .filteredOn(write -> !isLease(write))
          .allSatisfy(write -> assertThat(write.headers()).containsEntry("If-None-Match", "*"));
      assertThat(writes)
          .filteredOn(CreateOnlyIT::isLease)
          .isNotEmpty()
          .allMatch(
              write ->
                  write.headers().containsKey("If-Match")
                      || "*".equals(write.headers().get("If-None-Match")));
      assertThat(writes)
          .anyMatch(write -> write.target().contains("/claim.json"))
          .anyMatch(write -> write.target().contains(".history"))
          .anyMatch(write -> write.target().contains("_backup_stop_sentinel.json"))
          .anyMatch(write -> write.target().contains("/wal_005/"))
          .anyMatch(write -> write.method().equals("POST"));
      assertThat(requests).noneMatch(CreateOnlyIT::isDelete);
      assertThat(questions(requests))
          .isSubsetOf(
              "continuation-token",
              "delimiter",
              "encoding-type",
              "list-type",
              "partNumber",
              "prefix",
              "start-after",
              "uploadId",
              "uploads");
      assertThat(requests)
          .flatExtracting(request -> request.headers().keySet())
          .noneMatch(
              name ->
                  name.toLowerCase(java.util.Locale.ROOT)
                      .matches("x-amz-(acl|grant.*|tagging|object-lock.*|bypass.*|copy.*)"));
    }
  }

  /// A part makes none; the end of its upload does.
  private static boolean makesAnObject(Request request) {
    return switch (request.method()) {
      case "PUT" -> !request.target().contains("partNumber=");
      case "POST" -> request.target().contains("uploadId=");
      default -> false;
    };
  }

  private static boolean isDelete(Request request) {
    return request.method().equals("DELETE") || questions(List.of(request)).contains("delete");
  }

  private static boolean isLease(Request request) {
    return request.target().contains("/pgbackup/leases/");
  }

  /// The names of all query parameters.
  private static Set<String> questions(List<Request> requests) {
    return requests.stream()
        .map(Request::target)
        .filter(target -> target.contains("?"))
        .flatMap(target -> List.of(target.substring(target.indexOf('?') + 1).split("&")).stream())
        .map(parameter -> parameter.replaceAll("=.*", ""))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
