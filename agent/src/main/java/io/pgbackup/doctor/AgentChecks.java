package io.pgbackup.doctor;

import io.pgbackup.archive.ArchiveClient;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.BackupConfig;
import io.pgbackup.drill.DrillHost;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.secret.SecretFile;
import io.pgbackup.status.StatusJson;
import io.pgbackup.status.StatusSnapshot;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// The agent beside the server, and what it needs around it.
final class AgentChecks {
  private static final Duration PING = Duration.ofSeconds(5);
  private static final int MILLIS = 5000;

  private final PgBackupConfig config;
  private final boolean demanded;
  private final Clock clock;

  /// @param demanded whether an agent that is not there is a failure
  AgentChecks(PgBackupConfig config, boolean demanded, Clock clock) {
    this.config = config;
    this.demanded = demanded;
    this.clock = clock;
  }

  CheckGroup group() {
    return CheckGroup.of(
        Group.AGENT,
        List.of(
            Check.of("schedule", () -> schedule(config, clock.instant())),
            Check.of("drills", () -> drills(config)),
            Check.of("secret-files", () -> SecretFiles.judge(config)),
            Check.gate("running", this::running),
            Check.of("socket", this::socket),
            Check.of("problems", this::problems)));
  }

  static Outcome schedule(PgBackupConfig config, Instant now) {
    BackupConfig backup = config.backup();
    if (!backup.enabled()) {
      return Outcome.warn(
          "backup.enabled is false: nobody takes base backups by schedule",
          "Set backup.enabled: true, or see to it that something else does.");
    }
    String when = "'%s' %s".formatted(backup.schedule(), backup.timeZone());
    return config
        .backupTiming()
        .firstAfter(now)
        .map(next -> Outcome.pass("base backups by %s, next %s".formatted(when, next)))
        .orElseGet(
            () ->
                Outcome.fail(
                    Problem.misconfigured(
                        "backup.schedule %s never comes".formatted(when),
                        "Name a day that exists.")));
  }

  static Outcome drills(PgBackupConfig config) {
    if (!config.drill().enabled()) {
      return Outcome.skip("drill.enabled is false; 'pgbackup drill' runs wherever PostgreSQL is");
    }
    return DrillHost.check(config)
        .map(
            found ->
                Outcome.pass(
                    "drills can run here: PostgreSQL %s in %s"
                        .formatted(found.version(), found.binDirectory())))
        .orElseGet(
            () ->
                Outcome.skip(
                    "the data directory does not tell which version of PostgreSQL drills need"));
  }

  private String url() {
    String host = config.http().host();
    String reachable = host.equals("0.0.0.0") || host.equals("::") ? "127.0.0.1" : host;
    return "http://%s:%d"
        .formatted(
            reachable.contains(":") ? "[" + reachable + "]" : reachable, config.http().port());
  }

  private Outcome running() {
    try {
      int status = connect("/healthz").getResponseCode();
      if (status != 200) {
        return Outcome.fail(
            Problem.misconfigured(
                "%s/healthz answers %d".formatted(url(), status),
                "Check http.listen; another program may be there."));
      }
      return Outcome.pass("an agent answers at " + url());
    } catch (ConnectException e) {
      String found = "no agent answers at " + url();
      return demanded
          ? Outcome.fail(
              Problem.notFound(found, "Start it: pgbackup-agent --config FILE, see docs/agent.md."))
          : Outcome.skip(found);
    } catch (IOException e) {
      return Outcome.fail(
          Problem.misconfigured(
              "%s/healthz answers nothing that can be read: %s".formatted(url(), e.getMessage()),
              "Check http.listen; another program may be there."));
    }
  }

  private HttpURLConnection connect(String path) throws IOException {
    HttpURLConnection connection =
        (HttpURLConnection) URI.create(url() + path).toURL().openConnection(Proxy.NO_PROXY);
    connection.setConnectTimeout(MILLIS);
    connection.setReadTimeout(MILLIS);
    return connection;
  }

  private Outcome socket() {
    try {
      new ArchiveClient(config.wal().socket(), PING).ping();
      if (!config.wal().enabled()) {
        return Outcome.warn(
            "wal.enabled is false: it answers on %s and lets WAL go"
                .formatted(config.wal().socket()),
            "Set wal.enabled: true where anything is to be restored.");
      }
      return Outcome.pass("it answers on " + config.wal().socket());
    } catch (PgBackupException e) {
      return Outcome.fail(
          Problem.misconfigured(
              e.problem().message(),
              "The agent that answers over HTTP may have another wal.socket, or this user may not"
                  + " enter the socket's folder."));
    }
  }

  private Outcome problems() {
    Optional<StatusSnapshot> status = status();
    if (status.isEmpty()) {
      return Outcome.skip("the agent does not show its status here");
    }
    List<StatusSnapshot.StandingProblem> standing = status.get().problems();
    if (standing.isEmpty()) {
      return Outcome.pass(
          "the agent knows of none; last base backup: "
              + status.get().lastBackup().map(it -> it.finishTime().toString()).orElse("none yet"));
    }
    return Outcome.warn(
        "the agent reports: "
            + standing.stream()
                .map(it -> it.about() + ", " + it.problem().message())
                .collect(Collectors.joining("; ")),
        standing.stream()
            .flatMap(it -> it.problem().toProblem().hint().stream())
            .distinct()
            .collect(Collectors.joining(" ")));
  }

  private Optional<StatusSnapshot> status() {
    try {
      HttpURLConnection connection = connect("/api/v1/status");
      config
          .http()
          .tokenFile()
          .map(file -> SecretFile.text(file, "token file"))
          .ifPresent(token -> connection.setRequestProperty("Authorization", "Bearer " + token));
      if (connection.getResponseCode() != 200) {
        return Optional.empty();
      }
      try (InputStream body = connection.getInputStream()) {
        return Optional.of(
            StatusJson.read(
                new String(body.readAllBytes(), StandardCharsets.UTF_8), StatusSnapshot.class));
      }
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
