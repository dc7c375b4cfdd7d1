package io.pgbackup.cli.view;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.problem.Problem;
import io.pgbackup.restore.RecoveryTarget;
import io.pgbackup.restore.RestorePlan;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;

/// A restore as Zalando's operator is asked for it: `spec.clone` of a `postgresql` resource
/// (`CloneDescription` of its API, `acid.zalan.do/v1`). The operator finds the base backup itself.
public final class ZalandoClone {
  /// The operator refuses `Z`.
  private static final DateTimeFormatter NUMERIC_OFFSET =
      new DateTimeFormatterBuilder()
          .appendPattern("uuuu-MM-dd'T'HH:mm:ss")
          .appendFraction(ChronoField.MICRO_OF_SECOND, 0, 6, true)
          .appendPattern("xxx")
          .toFormatter();

  private ZalandoClone() {}

  /// @throws io.pgbackup.problem.PgBackupException `Refused` where the operator has no word for
  ///   this restore
  public static String text(RestorePlan plan, StorageConfig storage) {
    if (!"s3".equals(storage.url().getScheme())) {
      throw Problem.refused(
              "Zalando's operator clones from S3, and this archive lies in " + storage.url(),
              "Leave --zalando out, or name the bucket with --store.")
          .asException();
    }
    if (plan.asOf().isPresent()) {
      throw Problem.refused(
              "Zalando's operator reads the bucket as it is, and --as-of an earlier state of it",
              "Leave --zalando out, or --as-of.")
          .asException();
    }
    StringBuilder text = new StringBuilder("\nspec:\n  clone:\n");
    line(text, "cluster", plan.lineage().cluster().name());
    line(text, "uid", plan.lineage().uid().value());
    line(text, "timestamp", timestamp(plan.target()));
    line(text, "s3_wal_path", "s3://" + storage.url().getAuthority() + "/" + folder(plan));
    storage.endpoint().ifPresent(endpoint -> line(text, "s3_endpoint", endpoint.toString()));
    if (storage.pathStyle()) {
      text.append("    s3_force_path_style: true\n");
    }
    return text.toString();
  }

  // YAML takes a string of JSON
  private static void line(StringBuilder text, String key, String value) {
    text.append("    ").append(key).append(": \"");
    text.append(JsonStringEncoder.getInstance().quoteAsString(value)).append("\"\n");
  }

  private static String folder(RestorePlan plan) {
    String path = plan.lineage().prefix().path();
    return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }

  private static String timestamp(RecoveryTarget target) {
    return switch (target) {
      case RecoveryTarget.AtTime(Instant instant) ->
          NUMERIC_OFFSET.format(instant.atOffset(ZoneOffset.UTC));
      // without a timestamp the operator copies the running cluster, and a later one than the last
      // commit's is never reached
      case RecoveryTarget.Latest() ->
          throw Problem.refused(
                  "Zalando's operator restores to a timestamp, and --latest has none",
                  "Give --timestamp with the newest instant of 'pgbackup window'.")
              .asException();
    };
  }
}
