package io.pgbackup.config;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.pgbackup.config.PgBackupConfig.DeltaOrigin;
import io.pgbackup.config.PgBackupConfig.EngineChoice;
import io.pgbackup.config.PgBackupConfig.HttpConfig;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.schedule.Crontab;
import java.net.URI;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The kinds of values that keys have, each with the rule it keeps.
final class Values {
  static final Value<String> TEXT = Value.text(text -> text);
  static final Value<Path> ABSOLUTE_PATH = Value.text(Values::absolutePath);

  /// A path that people mistake for the secret itself, so what is wrong with it is said without it.
  static final Value<Path> SECRET_FILE = Value.text(Values::secretFile);

  static final Value<Duration> DURATION = Value.text(Durations::parse, Durations::print);
  static final Value<Duration> STREAM_INTERVAL =
      Value.text(Values::streamInterval, Durations::print);
  static final Value<Long> SIZE = Value.text(ByteSizes::parse, ByteSizes::print);
  static final Value<Hours> HOURS = Value.text(Hours::parse);
  static final Value<ZoneId> TIME_ZONE = Value.text(Values::zone);
  static final Value<Crontab> CRONTAB = Value.text(Crontab::parse);
  static final Value<URI> STORE_URL = Value.text(Values::storeUrl);
  static final Value<URI> ENDPOINT = Value.text(Values::endpoint);
  static final Value<String> PREFIX = Value.text(text -> new PrefixTemplate(text).text());
  static final Value<Codec> CODEC =
      Value.text(
          text ->
              Codec.valueOf(
                  oneOf(List.of("lz4", "zstd", "brotli", "lzma", "none"))
                      .parser()
                      .parse(text)
                      .toUpperCase(Locale.ROOT)),
          Values::lowerCase);
  static final Value<EngineChoice> ENGINE =
      Value.text(
          Values::engine, choice -> choice == EngineChoice.WALG ? "wal-g" : lowerCase(choice));
  static final Value<HttpConfig> LISTEN =
      Value.text(
          Values::listen,
          http ->
              (http.host().contains(":") ? "[%s]:%d" : "%s:%d")
                  .formatted(http.host(), http.port()));
  static final Value<JsonNode> JSON = Value.text(Values::json);
  static final Value<DeltaOrigin> DELTA_ORIGIN =
      Value.text(Values::deltaOrigin, origin -> lowerCase(origin).replace('_', '-'));
  static final Value<Boolean> BOOLEAN =
      new Value<>(Value.Form.BOOLEAN, Values::bool, String::valueOf);

  private static final Pattern BUCKET =
      Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]");
  private static final Pattern LISTEN_FORM =
      Pattern.compile("([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+]):([0-9]{1,5})");

  private Values() {}

  static Value<Integer> integer(int least, int greatest) {
    return new Value<>(
        Value.Form.INTEGER,
        text -> {
          if (!text.matches("-?[0-9]{1,9}")) {
            throw new IllegalArgumentException("must be a whole number, got '" + text + "'");
          }
          int number = Integer.parseInt(text);
          if (number < least || number > greatest) {
            throw new IllegalArgumentException(
                greatest == Integer.MAX_VALUE
                    ? "must be at least %d, got %d".formatted(least, number)
                    : "must be %d to %d, got %d".formatted(least, greatest, number));
          }
          return number;
        },
        String::valueOf);
  }

  /// @param example shown where the text does not match
  static Value<String> matching(String form, String example) {
    return Value.text(
        text -> {
          if (!text.matches(form)) {
            throw new IllegalArgumentException("must be %s, got '%s'".formatted(example, text));
          }
          return text;
        });
  }

  static Value<String> oneOf(List<String> choices) {
    return Value.text(
        text -> {
          if (!choices.contains(text)) {
            throw new IllegalArgumentException(
                "must be %s or %s, got '%s'"
                    .formatted(
                        String.join(", ", choices.subList(0, choices.size() - 1)),
                        choices.getLast(),
                        text));
          }
          return text;
        });
  }

  /// The constants' names in lower case.
  static <E extends Enum<E>> Value<E> oneOf(Class<E> type) {
    Value<String> names =
        oneOf(
            Arrays.stream(type.getEnumConstants())
                .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                .toList());
    return Value.text(
        text -> Enum.valueOf(type, names.parser().parse(text).toUpperCase(Locale.ROOT)),
        Values::lowerCase);
  }

  private static String lowerCase(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /// Each interval may cost a write into the bucket.
  private static Duration streamInterval(String text) {
    Duration interval = Durations.parse(text);
    if (interval.compareTo(Duration.ofSeconds(1)) < 0
        || interval.compareTo(Duration.ofMinutes(5)) > 0) {
      throw new IllegalArgumentException("must be from 1s to 5m, got '" + text + "'");
    }
    return interval;
  }

  private static EngineChoice engine(String text) {
    return switch (text) {
      case "auto" -> EngineChoice.AUTO;
      case "embedded" -> EngineChoice.EMBEDDED;
      case "wal-g" -> EngineChoice.WALG;
      default ->
          throw new IllegalArgumentException("must be auto, embedded or wal-g, got '" + text + "'");
    };
  }

  private static HttpConfig listen(String text) {
    Matcher matcher = LISTEN_FORM.matcher(text);
    if (!matcher.matches() || Integer.parseInt(matcher.group(2)) > 65535) {
      throw new IllegalArgumentException(
          "must be an address and a port, such as 127.0.0.1:9797 or [::1]:9797; got '"
              + text
              + "'");
    }
    String host = matcher.group(1);
    return new HttpConfig(
        host.startsWith("[") ? host.substring(1, host.length() - 1) : host,
        Integer.parseInt(matcher.group(2)));
  }

  private static JsonNode json(String text) {
    try {
      return new JsonMapper().readTree(text);
    } catch (JacksonException e) {
      throw new IllegalArgumentException("must be JSON, got '" + text + "'", e);
    }
  }

  private static DeltaOrigin deltaOrigin(String text) {
    return switch (text) {
      case "latest" -> DeltaOrigin.LATEST;
      case "latest-full" -> DeltaOrigin.LATEST_FULL;
      default ->
          throw new IllegalArgumentException("must be latest or latest-full, got '" + text + "'");
    };
  }

  private static boolean bool(String text) {
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException("must be true or false, got '" + text + "'");
    };
  }

  private static Path absolutePath(String text) {
    Path path = path(text);
    if (!path.isAbsolute()) {
      throw new IllegalArgumentException(
          "must be an absolute path, because agent and command line run in different folders; got '"
              + text
              + "'");
    }
    return path;
  }

  private static Path secretFile(String text) {
    Path path = path(text);
    if (!path.isAbsolute()) {
      throw new IllegalArgumentException(
          "must be an absolute path, of a file that holds the secret; what stands there is not"
              + " shown");
    }
    return path;
  }

  private static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException _) {
      throw new IllegalArgumentException("must be a path, without a character 0");
    }
  }

  private static ZoneId zone(String text) {
    try {
      return ZoneId.of(text);
    } catch (DateTimeException _) {
      throw new IllegalArgumentException(
          "must be a time zone such as UTC or Europe/Berlin, got '"
              + text
              + "'"
              + Spelling.nearest(text, ZoneId.getAvailableZoneIds())
                  .map("; did you mean '%s'?"::formatted)
                  .orElse(""));
    }
  }

  private static URI storeUrl(String text) {
    URI url = uri(text, "must be s3://bucket or file:///directory");
    String path = url.getRawPath() == null ? "" : url.getRawPath();
    return switch (url.getScheme()) {
      case "s3" -> {
        String bucket = url.getRawAuthority() == null ? "" : url.getRawAuthority();
        if (!BUCKET.matcher(bucket).matches()) {
          throw new IllegalArgumentException("must name a bucket as in s3://backups");
        }
        if (!path.isEmpty() && !path.equals("/")) {
          throw new IllegalArgumentException(
              "must be the bucket alone, s3://%s; the folder in it belongs in storage.prefix"
                  .formatted(bucket));
        }
        yield URI.create("s3://" + bucket);
      }
      case "file" -> {
        if (url.getRawAuthority() != null || !path.startsWith("/")) {
          throw new IllegalArgumentException(
              "must have three slashes before the directory, as in file:///mnt/backups");
        }
        yield url;
      }
      case null, default ->
          throw new IllegalArgumentException(
              "must begin with s3:// or file:///, as in s3://backups");
    };
  }

  private static URI endpoint(String text) {
    String rule = "must be the store's address, as in https://minio.example:9000";
    URI url = uri(text, rule);
    boolean web = "https".equals(url.getScheme()) || "http".equals(url.getScheme());
    boolean bare = url.getRawPath() == null || url.getRawPath().matches("/?");
    if (!web || url.getHost() == null || url.getRawQuery() != null) {
      throw new IllegalArgumentException(rule);
    }
    if (url.getRawUserInfo() != null) {
      throw new IllegalArgumentException(
          "must not hold a password; name files under storage.credentials");
    }
    if (!bare) {
      throw new IllegalArgumentException(
          "must have no path; the bucket belongs in storage.url and the folder in storage.prefix");
    }
    return url;
  }

  private static URI uri(String text, String rule) {
    try {
      return URI.create(text);
    } catch (IllegalArgumentException _) {
      // the text is left out: it might hold a password
      throw new IllegalArgumentException(rule);
    }
  }
}
