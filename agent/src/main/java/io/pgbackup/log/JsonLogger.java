package io.pgbackup.log;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;
import org.slf4j.event.KeyValuePair;
import org.slf4j.event.Level;
import org.slf4j.event.LoggingEvent;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;
import org.slf4j.spi.LoggingEventAware;

/// Writes each event as one JSON object on a line of its own: `time` (UTC), `level`, `logger`,
/// `thread`, `message`, `fields` where there are any, `exception` with its stack where there is
/// one.
///
/// Thread-safe where the sink is.
@SuppressWarnings("serial") // slf4j's loggers are serializable by their name; nobody serializes one
final class JsonLogger extends LegacyAbstractLogger implements LoggingEventAware {
  private static final JsonFactory JSON = new JsonFactory();
  private static final DateTimeFormatter TIME =
      new DateTimeFormatterBuilder().appendInstant(3).toFormatter();

  private final int from;
  private final Consumer<String> sink;

  /// @param from the least level that is written; empty for none
  /// @param sink takes one whole line, its end included
  JsonLogger(String name, Optional<Level> from, Consumer<String> sink) {
    this.name = name;
    this.from = from.map(Level::toInt).orElse(Integer.MAX_VALUE);
    this.sink = sink;
  }

  @Override
  public void log(LoggingEvent event) {
    List<KeyValuePair> fields = event.getKeyValuePairs();
    write(
        event.getLevel(),
        format(event.getMessage(), event.getArgumentArray()),
        fields == null ? List.of() : fields,
        event.getThrowable());
  }

  @Override
  protected void handleNormalizedLoggingCall(
      Level level,
      @Nullable Marker marker,
      @Nullable String pattern,
      Object @Nullable [] arguments,
      @Nullable Throwable thrown) {
    write(level, format(pattern, arguments), List.of(), thrown);
  }

  private static String format(@Nullable String pattern, Object @Nullable [] arguments) {
    String formatted =
        arguments == null ? pattern : MessageFormatter.basicArrayFormat(pattern, arguments);
    return formatted == null ? "" : formatted;
  }

  private void write(
      Level level, String message, List<KeyValuePair> fields, @Nullable Throwable thrown) {
    StringWriter line = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(line)) {
      json.writeStartObject();
      json.writeStringField("time", TIME.format(Instant.now()));
      json.writeStringField("level", level.name());
      json.writeStringField("logger", name);
      json.writeStringField("thread", Thread.currentThread().getName());
      json.writeStringField("message", message);
      if (!fields.isEmpty()) {
        json.writeObjectFieldStart("fields");
        for (KeyValuePair field : fields) {
          json.writeFieldName(field.key);
          writeValue(json, field.value);
        }
        json.writeEndObject();
      }
      if (thrown != null) {
        json.writeStringField("exception", stack(thrown));
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    sink.accept(line + "\n");
  }

  private static void writeValue(JsonGenerator json, @Nullable Object value) throws IOException {
    switch (value) {
      case Integer number -> json.writeNumber(number);
      case Long number -> json.writeNumber(number);
      case Boolean yes -> json.writeBoolean(yes);
      case null -> json.writeNull();
      default -> json.writeString(value.toString());
    }
  }

  private static String stack(Throwable thrown) {
    StringWriter text = new StringWriter();
    thrown.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  @Override
  protected @Nullable String getFullyQualifiedCallerName() {
    return null;
  }

  @Override
  public boolean isTraceEnabled() {
    return Level.TRACE.toInt() >= from;
  }

  @Override
  public boolean isDebugEnabled() {
    return Level.DEBUG.toInt() >= from;
  }

  @Override
  public boolean isInfoEnabled() {
    return Level.INFO.toInt() >= from;
  }

  @Override
  public boolean isWarnEnabled() {
    return Level.WARN.toInt() >= from;
  }

  @Override
  public boolean isErrorEnabled() {
    return Level.ERROR.toInt() >= from;
  }
}
