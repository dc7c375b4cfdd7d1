package io.pgbackup.engine.format;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.format.FileDescription.Content;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Reads a manifest as a stream.
public final class ManifestReader {
  private final JsonParser parser;
  private final Consumer<ManifestFile> files;
  private int version;
  private String backup = "";
  private final List<Manifest.Tablespace> tablespaces = new ArrayList<>();

  private ManifestReader(JsonParser parser, Consumer<ManifestFile> files) {
    this.parser = parser;
    this.files = files;
  }

  /// Keys that a later version may add are passed over.
  ///
  /// @param source the packed document; closed
  /// @param name the object's name, for messages
  /// @param writtenWith the fingerprint of its key, asked only where no key opens it
  /// @param files gets each file while the document is read; what it throws passes through. What it
  ///   got counts only when this method returns.
  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed` if it is no whole manifest
  ///   of a version that is known
  public static Manifest read(
      InputStream source,
      ObjectCipher cipher,
      String name,
      Supplier<Optional<String>> writtenWith,
      Consumer<ManifestFile> files)
      throws IOException {
    try (InputStream plain = new Packing(Codec.ZSTD, cipher).unpacking(source, name, writtenWith);
        JsonParser parser = Documents.STREAMING.createParser(plain)) {
      return new ManifestReader(parser, files).document(name);
    } catch (JsonProcessingException e) {
      throw Documents.unreadable(name, e.getOriginalMessage(), e);
    } catch (CharConversionException e) {
      throw Documents.unreadable(name, "it is no text", e);
    }
  }

  private Manifest document(String name) throws IOException {
    parser.nextToken();
    eachKey(
        key -> {
          switch (key) {
            case "version" -> version = parser.getIntValue();
            case "backup" -> backup = text();
            case "tablespaces" -> eachElement(() -> tablespaces.add(tablespace()));
            case "files" -> eachElement(() -> files.accept(file()));
            default -> parser.skipChildren();
          }
        });
    if (parser.nextToken() != null) {
      throw new JsonParseException(parser, "something follows the document");
    }
    if (version != Manifest.VERSION) {
      throw Documents.unreadable(name, "its version is " + version, null);
    }
    return new Manifest(
        version,
        BackupName.tryParse(backup)
            .orElseThrow(
                () -> Documents.unreadable(name, "'" + backup + "' is no base backup", null)),
        tablespaces);
  }

  private Manifest.Tablespace tablespace() throws IOException {
    var fields =
        new Object() {
          String oid = "";
          String name = "";
          String location = "";
        };
    eachKey(
        key -> {
          switch (key) {
            case "oid" -> fields.oid = text();
            case "name" -> fields.name = text();
            case "location" -> fields.location = text();
            default -> parser.skipChildren();
          }
        });
    return new Manifest.Tablespace(fields.oid, fields.name, fields.location);
  }

  private ManifestFile file() throws IOException {
    var fields =
        new Object() {
          String path = "";
          long size = -1;
          String sha256 = "";
          String part = "";
          Content content = Content.WHOLE;
          String pageLsns = "";
          long extent = -1;
          final List<Long> corruptPages = new ArrayList<>();
        };
    try {
      eachKey(
          key -> {
            switch (key) {
              case "path" -> fields.path = text();
              case "size" -> fields.size = parser.getLongValue();
              case "sha256" -> fields.sha256 = text();
              case "part" -> fields.part = text().intern();
              case "content" -> fields.content = Content.valueOf(text());
              case "pageLsns" -> fields.pageLsns = text();
              case "extent" -> fields.extent = parser.getLongValue();
              case "corruptPages" ->
                  eachElement(() -> fields.corruptPages.add(parser.getLongValue()));
              default -> parser.skipChildren();
            }
          });
      return new ManifestFile(
          fields.path,
          fields.size,
          fields.sha256,
          fields.part,
          fields.corruptPages,
          fields.content,
          Optional.of(fields.pageLsns).filter(digest -> !digest.isEmpty()),
          fields.extent < 0 ? fields.size : fields.extent);
    } catch (IllegalArgumentException e) {
      throw new JsonParseException(parser, e.getMessage(), e);
    }
  }

  private interface OnKey {
    void accept(String key) throws IOException;
  }

  private interface OnElement {
    void accept() throws IOException;
  }

  private void eachKey(OnKey onKey) throws IOException {
    expect(JsonToken.START_OBJECT);
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      onKey.accept(key);
    }
    expect(JsonToken.END_OBJECT);
  }

  private void eachElement(OnElement onElement) throws IOException {
    expect(JsonToken.START_ARRAY);
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (parser.currentToken() == null) {
        throw new JsonParseException(parser, "it ends within an array");
      }
      onElement.accept();
    }
  }

  private String text() throws IOException {
    expect(JsonToken.VALUE_STRING);
    return parser.getText();
  }

  private void expect(JsonToken token) throws IOException {
    if (parser.currentToken() != token) {
      throw new JsonParseException(parser, token + " was expected");
    }
  }
}
