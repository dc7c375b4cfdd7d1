package io.pgbackup.restore;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.store.StoreFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SortedSet;
import java.util.function.Function;

/// The journal as JSON: records as objects, our values as the texts that people know.
final class JournalJson {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .addModule(new Jdk8Module())
          .addModule(new JavaTimeModule())
          .addModule(values())
          .addMixIn(RecoveryTarget.class, TargetKinds.class)
          .addMixIn(RestoreDestination.class, DestinationKinds.class)
          .addMixIn(RestorePlan.class, PlanWal.class)
          // Derived facts of the records are no content.
          .visibility(PropertyAccessor.IS_GETTER, JsonAutoDetect.Visibility.NONE)
          .visibility(PropertyAccessor.GETTER, JsonAutoDetect.Visibility.NONE)
          .visibility(PropertyAccessor.FIELD, JsonAutoDetect.Visibility.ANY)
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  private JournalJson() {}

  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = RecoveryTarget.AtTime.class, name = "time"),
    @JsonSubTypes.Type(value = RecoveryTarget.Latest.class, name = "latest")
  })
  private interface TargetKinds {}

  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = RestoreDestination.NewDirectory.class, name = "directory"),
    @JsonSubTypes.Type(value = RestoreDestination.InPlace.class, name = "in-place")
  })
  private interface DestinationKinds {}

  interface PlanWal {
    @JsonSerialize(using = RunsWriter.class)
    @JsonDeserialize(using = RunsReader.class)
    SortedSet<WalSegment> wal();
  }

  static byte[] write(RestoreJournal journal) throws IOException {
    return MAPPER.writeValueAsBytes(journal);
  }

  /// @throws IOException if it is no journal
  static RestoreJournal read(byte[] json) throws IOException {
    return MAPPER.readValue(json, RestoreJournal.class);
  }

  private static SimpleModule values() {
    SimpleModule module = new SimpleModule();
    text(module, Lsn.class, Lsn::parse);
    text(module, BackupName.class, BackupName::new);
    text(module, LineageUid.class, LineageUid::new);
    text(module, SystemIdentifier.class, SystemIdentifier::parse);
    text(module, StoreFolder.class, StoreFolder::new);
    text(module, Path.class, Path::of);
    return module;
  }

  private static <T> void text(SimpleModule module, Class<T> type, Function<String, T> parse) {
    module.addSerializer(
        type,
        new JsonSerializer<T>() {
          @Override
          public void serialize(T value, JsonGenerator out, SerializerProvider provider)
              throws IOException {
            out.writeString(value.toString());
          }
        });
    module.addDeserializer(
        type,
        new JsonDeserializer<T>() {
          @Override
          public T deserialize(JsonParser in, DeserializationContext context) throws IOException {
            return parse.apply(in.getText());
          }
        });
  }

  /// A hundred thousand segments in a row are one text.
  private static final class RunsWriter extends JsonSerializer<SortedSet<WalSegment>> {
    @Override
    public void serialize(SortedSet<WalSegment> wal, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      out.writeStartArray();
      for (String run : WalRuns.write(wal)) {
        out.writeString(run);
      }
      out.writeEndArray();
    }
  }

  private static final class RunsReader extends JsonDeserializer<SortedSet<WalSegment>> {
    @Override
    public SortedSet<WalSegment> deserialize(JsonParser in, DeserializationContext context)
        throws IOException {
      return WalRuns.read(in.readValueAs(String[].class));
    }
  }
}
