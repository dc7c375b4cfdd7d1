package io.pgbackup.drill;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.pgbackup.drill.DrillCheck.Result;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A verdict as it is stored and printed: fields are only ever added.
public final class DrillJson {
  private static final int VERSION = 1;
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .addModule(new Jdk8Module())
          .addModule(new JavaTimeModule())
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  private DrillJson() {}

  /// @param verdict `passed` or `failed`
  /// @param target an instant, or `latest`
  public record Document(
      int version,
      String verdict,
      Instant at,
      String host,
      String cluster,
      String uid,
      String target,
      String backup,
      Optional<Instant> restoredTo,
      Optional<Double> rtoSeconds,
      Optional<Double> rpoSeconds,
      Optional<Long> bytes,
      List<Check> checks) {}

  /// @param result `passed`, `failed` or `skipped`
  public record Check(String name, String result, String found, @Nullable String next) {}

  /// As records that any JSON writer takes.
  public static Document document(DrillVerdict verdict) {
    return new Document(
        VERSION,
        verdict.passed() ? "passed" : "failed",
        verdict.at(),
        verdict.host(),
        verdict.cluster(),
        verdict.uid(),
        verdict.target().map(Instant::toString).orElse("latest"),
        verdict.backup(),
        verdict.restoredTo(),
        verdict.recoveryTime().map(DrillJson::seconds),
        verdict.dataLoss().map(DrillJson::seconds),
        verdict.bytes(),
        verdict.checks().stream()
            .map(
                check ->
                    new Check(
                        check.name(),
                        check.result().name().toLowerCase(Locale.ROOT),
                        check.found(),
                        check.next()))
            .toList());
  }

  static byte[] write(DrillVerdict verdict) {
    try {
      return MAPPER.writeValueAsBytes(document(verdict));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a verdict cannot be written as JSON", e);
    }
  }

  /// @throws IllegalArgumentException if it is no verdict
  static DrillVerdict read(byte[] json) {
    try {
      Document document = MAPPER.readValue(json, Document.class);
      return new DrillVerdict(
          document.at(),
          document.host(),
          document.cluster(),
          document.uid(),
          document.target().equals("latest")
              ? Optional.empty()
              : Optional.of(Instant.parse(document.target())),
          document.backup(),
          document.restoredTo(),
          document.rtoSeconds().map(DrillJson::duration),
          document.rpoSeconds().map(DrillJson::duration),
          document.bytes(),
          document.checks().stream()
              .map(
                  check ->
                      new DrillCheck(
                          check.name(),
                          Result.valueOf(check.result().toUpperCase(Locale.ROOT)),
                          check.found(),
                          check.next() == null ? "" : check.next()))
              .toList());
    } catch (IOException | RuntimeException e) {
      throw new IllegalArgumentException("no verdict of a drill: " + e.getMessage(), e);
    }
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1000.0;
  }

  private static Duration duration(double seconds) {
    return Duration.ofMillis(Math.round(seconds * 1000));
  }
}
