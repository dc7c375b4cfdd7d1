package io.pgbackup.engine.format;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/// `files_metadata.json` of a backup, as far as a restore needs it: the names of tar members, with
/// what they are. About 100 bytes of memory for each name.
///
/// @param tars the tar objects that hold them, by their names inside `tar_partitions`; WAL-G leaves
///   out that of the control file. Empty for unknown
/// @param names every listed member, spelled as in the tar
/// @param incremented those whose content is only the changed pages
/// @param skipped those whose content is the parent's
public record FilesMetadata(
    Set<String> tars, Set<String> names, Set<String> incremented, Set<String> skipped) {
  /// No document, or one without names: everything is extracted.
  public static final FilesMetadata NONE =
      new FilesMetadata(Set.of(), Set.of(), Set.of(), Set.of());

  /// Members that are extracted although no local backup of WAL-G lists them.
  private static final Set<String> ALWAYS =
      Set.of("/global/pg_control", "backup_label", "tablespace_map");

  public FilesMetadata {
    tars = Set.copyOf(tars);
    names = Set.copyOf(names);
    incremented = Set.copyOf(incremented);
    skipped = Set.copyOf(skipped);
  }

  /// Reads the document as a stream, because it can have a gigabyte; `DatabasesByNames` and unknown
  /// keys are passed over. Does not close the source.
  ///
  /// @param name the object's name, for messages
  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed` if it is no such document
  public static FilesMetadata read(InputStream source, String name) throws IOException {
    try (JsonParser parser = Documents.STREAMING.createParser(source)) {
      parser.disable(JsonParser.Feature.AUTO_CLOSE_SOURCE);
      var reader = new Reader(parser);
      reader.document();
      return new FilesMetadata(reader.tars, reader.names, reader.incremented, reader.skipped);
    } catch (JsonProcessingException e) {
      throw Documents.unreadable(name, e.getOriginalMessage(), e);
    } catch (CharConversionException e) {
      throw Documents.unreadable(name, "it is no text", e);
    }
  }

  /// Whether a restore takes this regular file out of its tar. Names are a whitelist where there
  /// are any (as in WAL-G: what is not listed is passed over).
  public boolean admits(String memberName) {
    return names.isEmpty() || names.contains(memberName) || ALWAYS.contains(memberName);
  }

  private static final class Reader {
    private final JsonParser parser;
    private final Set<String> tars = new HashSet<>();
    private final Set<String> names = new HashSet<>();
    private final Set<String> incremented = new HashSet<>();
    private final Set<String> skipped = new HashSet<>();

    private Reader(JsonParser parser) {
      this.parser = parser;
    }

    private void document() throws IOException {
      if (parser.nextToken() == JsonToken.VALUE_NULL) {
        return;
      }
      expectObject();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        if (parser.nextToken() != JsonToken.VALUE_NULL) {
          switch (key.toLowerCase(Locale.ROOT)) {
            case "files" -> files();
            case "tarfilesets" -> tars();
            default -> parser.skipChildren();
          }
        }
      }
      if (parser.nextToken() != null) {
        throw new JsonParseException(parser, "something follows the document");
      }
    }

    private void tars() throws IOException {
      expectObject();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        tars.add(parser.currentName());
        parser.nextToken();
        parser.skipChildren();
      }
    }

    private void files() throws IOException {
      expectObject();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String member = parser.currentName();
        names.add(member);
        if (parser.nextToken() != JsonToken.VALUE_NULL) {
          flags(member);
        }
      }
    }

    private void flags(String member) throws IOException {
      expectObject();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        boolean set = parser.nextToken() == JsonToken.VALUE_TRUE;
        parser.skipChildren();
        if (set && key.equalsIgnoreCase("IsIncremented")) {
          incremented.add(member);
        }
        if (set && key.equalsIgnoreCase("IsSkipped")) {
          skipped.add(member);
        }
      }
    }

    private void expectObject() throws IOException {
      if (parser.currentToken() != JsonToken.START_OBJECT) {
        throw new JsonParseException(parser, "an object was expected");
      }
    }
  }
}
