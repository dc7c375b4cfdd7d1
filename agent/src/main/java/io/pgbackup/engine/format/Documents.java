package io.pgbackup.engine.format;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoField;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// WAL-G's rules for JSON: unknown keys are ignored, keys match in any case, `null` is the zero
/// value, positions and system identifiers are unsigned 64-bit integers, times are RFC 3339 with up
/// to nine digits.
final class Documents {
  /// Names are not cached between documents: some have a key for each file of a cluster.
  static final JsonFactory STREAMING =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .build();

  private static final JsonMapper MAPPER =
      JsonMapper.builder(STREAMING)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_PROPERTIES)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .defaultPropertyInclusion(
              JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS))
          .build();

  private static final DateTimeFormatter TIME =
      new DateTimeFormatterBuilder()
          .appendPattern("uuuu-MM-dd'T'HH:mm:ss")
          .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
          .appendLiteral('Z')
          .toFormatter()
          .withZone(ZoneOffset.UTC);

  /// How WAL-G's language writes "no time".
  private static final Instant ZERO_TIME = Instant.parse("0001-01-01T00:00:00Z");

  private static final BigInteger UNSIGNED_LIMIT = BigInteger.ONE.shiftLeft(64);

  private Documents() {}

  /// @param name what is read, for the message
  /// @return nothing where the whole document is `null`
  static <T> Optional<T> read(byte[] json, Class<T> type, String name) {
    try {
      return Optional.ofNullable(MAPPER.readValue(json, type));
    } catch (JsonProcessingException e) {
      throw unreadable(name, e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw unreadable(name, String.valueOf(e.getMessage()), e);
    }
  }

  static byte[] write(Object document) {
    try {
      return MAPPER.writeValueAsBytes(document);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  static PgBackupException unreadable(String name, String reason, @Nullable Throwable cause) {
    var problem =
        Problem.verificationFailed(
            name + " is not what WAL-G or pgbackup writes: " + reason,
            "The object is damaged or was written by something else; look at it.");
    return cause == null ? problem.asException() : problem.causedBy(cause);
  }

  static Optional<Lsn> lsn(@Nullable BigInteger number, String name) {
    return unsigned(number, name).map(Lsn::new);
  }

  static Optional<SystemIdentifier> systemIdentifier(@Nullable BigInteger number, String name) {
    return unsigned(number, name).filter(value -> value != 0).map(SystemIdentifier::new);
  }

  static Optional<ServerVersion> serverVersion(int number) {
    return number < 100000 || number > 999999
        ? Optional.empty()
        : Optional.of(new ServerVersion(number));
  }

  static Optional<Instant> time(@Nullable String text, String name) {
    if (text == null) {
      return Optional.empty();
    }
    try {
      Instant time = OffsetDateTime.parse(text).toInstant();
      return time.equals(ZERO_TIME) ? Optional.empty() : Optional.of(time);
    } catch (DateTimeParseException e) {
      throw unreadable(name, "'" + text + "' is no time", e);
    }
  }

  /// A JSON `null` is as good as no key.
  static Optional<JsonNode> present(@Nullable JsonNode node) {
    return node == null || node.isNull() ? Optional.empty() : Optional.of(node);
  }

  static BigInteger number(long unsigned) {
    return new BigInteger(Long.toUnsignedString(unsigned));
  }

  /// Rounded up to a microsecond, as PostgreSQL's own resolution is.
  static String text(Instant time) {
    Instant cut = time.truncatedTo(ChronoUnit.MICROS);
    return TIME.format(cut.equals(time) ? cut : cut.plus(1, ChronoUnit.MICROS));
  }

  static String text(Optional<Instant> time) {
    return text(time.orElse(ZERO_TIME));
  }

  private static Optional<Long> unsigned(@Nullable BigInteger number, String name) {
    if (number == null) {
      return Optional.empty();
    }
    if (number.signum() < 0 || number.compareTo(UNSIGNED_LIMIT) >= 0) {
      throw unreadable(name, number + " is no unsigned 64-bit number", null);
    }
    return Optional.of(number.longValue());
  }
}
