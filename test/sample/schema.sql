-- Immich 3.1's tables as far as a backup meets them, written from their known names and columns; without the vector
-- extensions, which plain PostgreSQL does not have.

CREATE EXTENSION cube;
CREATE EXTENSION earthdistance;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION unaccent;
CREATE EXTENSION "uuid-ossp";

CREATE TYPE asset_status AS ENUM ('active', 'trashed', 'deleted');
CREATE TYPE asset_visibility AS ENUM ('archive', 'timeline', 'hidden', 'locked');
CREATE TYPE asset_checksum_algorithm AS ENUM ('sha1', 'sha1-path');

-- Indexes over functions are what breaks first when a dump is loaded with an empty search_path.
CREATE FUNCTION f_unaccent(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN public.unaccent('public.unaccent'::regdictionary, $1);
CREATE FUNCTION point_on_earth(latitude double precision, longitude double precision) RETURNS public.earth
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ SELECT public.cube(ARRAY[
    6378168 * cos(radians(latitude)) * cos(radians(longitude)),
    6378168 * cos(radians(latitude)) * sin(radians(longitude)),
    6378168 * sin(radians(latitude))])::public.earth $$;

CREATE TABLE "user" (
  id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
  email text NOT NULL UNIQUE,
  name text NOT NULL DEFAULT '',
  password text NOT NULL DEFAULT '',
  "isAdmin" boolean NOT NULL DEFAULT false,
  "storageLabel" text UNIQUE,
  "profileImagePath" text NOT NULL DEFAULT '',
  "profileChangedAt" timestamptz NOT NULL DEFAULT now(),
  "quotaSizeInBytes" bigint,
  "quotaUsageInBytes" bigint NOT NULL DEFAULT 0,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  "updatedAt" timestamptz NOT NULL DEFAULT now(),
  "deletedAt" timestamptz
);

CREATE TABLE library (
  id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
  "ownerId" uuid NOT NULL REFERENCES "user" ON DELETE CASCADE,
  name text NOT NULL,
  "importPaths" text[] NOT NULL,
  "exclusionPatterns" text[] NOT NULL DEFAULT '{}',
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  "refreshedAt" timestamptz
);

CREATE TABLE asset (
  id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
  "ownerId" uuid NOT NULL REFERENCES "user" ON DELETE CASCADE,
  "libraryId" uuid REFERENCES library ON DELETE CASCADE,
  type text NOT NULL,
  "originalPath" text NOT NULL,
  "originalFileName" text NOT NULL,
  checksum bytea NOT NULL,
  "checksumAlgorithm" asset_checksum_algorithm NOT NULL DEFAULT 'sha1',
  "livePhotoVideoId" uuid REFERENCES asset ON DELETE SET NULL,
  "isExternal" boolean NOT NULL DEFAULT false,
  "isOffline" boolean NOT NULL DEFAULT false,
  "isFavorite" boolean NOT NULL DEFAULT false,
  status asset_status NOT NULL DEFAULT 'active',
  visibility asset_visibility NOT NULL DEFAULT 'timeline',
  duration text,
  "fileCreatedAt" timestamptz NOT NULL,
  "fileModifiedAt" timestamptz NOT NULL,
  "localDateTime" timestamptz NOT NULL,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  "updatedAt" timestamptz NOT NULL DEFAULT now(),
  "deletedAt" timestamptz
);
CREATE UNIQUE INDEX ON asset ("ownerId", checksum) WHERE "libraryId" IS NULL;
CREATE INDEX ON asset ("originalPath");
CREATE INDEX ON asset USING gin (f_unaccent("originalFileName") gin_trgm_ops);

CREATE TABLE asset_file (
  id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
  "assetId" uuid NOT NULL REFERENCES asset ON DELETE CASCADE,
  type text NOT NULL CHECK (type IN ('fullsize', 'preview', 'thumbnail', 'sidecar', 'encoded_video')),
  path text NOT NULL,
  "isEdited" boolean NOT NULL DEFAULT false,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  UNIQUE ("assetId", type, "isEdited")
);

CREATE TABLE asset_exif (
  "assetId" uuid PRIMARY KEY REFERENCES asset ON DELETE CASCADE,
  make text,
  model text,
  "exifImageWidth" integer,
  "exifImageHeight" integer,
  "fileSizeInByte" bigint,
  "dateTimeOriginal" timestamptz,
  latitude double precision,
  longitude double precision,
  city text,
  country text,
  description text NOT NULL DEFAULT '',
  rating integer
);
CREATE INDEX ON asset_exif USING gist (point_on_earth(latitude, longitude));

CREATE TABLE asset_audit (
  id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
  "assetId" uuid NOT NULL,
  "ownerId" uuid NOT NULL,
  "deletedAt" timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE FUNCTION record_asset_deletion() RETURNS trigger LANGUAGE plpgsql
  AS $$ BEGIN
    INSERT INTO public.asset_audit ("assetId", "ownerId") SELECT id, "ownerId" FROM deleted;
    RETURN NULL;
  END $$;
CREATE TRIGGER asset_deletion AFTER DELETE ON asset REFERENCING OLD TABLE AS deleted
  FOR EACH STATEMENT EXECUTE FUNCTION record_asset_deletion();

CREATE TABLE person (
  id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
  "ownerId" uuid NOT NULL REFERENCES "user" ON DELETE CASCADE,
  name text NOT NULL DEFAULT '',
  "thumbnailPath" text NOT NULL DEFAULT '',
  "isHidden" boolean NOT NULL DEFAULT false,
  "birthDate" date,
  "createdAt" timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE asset_face (
  id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
  "assetId" uuid NOT NULL REFERENCES asset ON DELETE CASCADE,
  "personId" uuid REFERENCES person ON DELETE SET NULL,
  "boundingBoxX1" integer NOT NULL,
  "boundingBoxY1" integer NOT NULL,
  "boundingBoxX2" integer NOT NULL,
  "boundingBoxY2" integer NOT NULL
);

CREATE TABLE album (
  id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
  "albumName" text NOT NULL,
  description text NOT NULL DEFAULT '',
  "albumThumbnailAssetId" uuid REFERENCES asset ON DELETE SET NULL,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  "updatedAt" timestamptz NOT NULL DEFAULT now(),
  "deletedAt" timestamptz
);

CREATE TABLE album_user (
  "albumId" uuid NOT NULL REFERENCES album ON DELETE CASCADE,
  "userId" uuid NOT NULL REFERENCES "user" ON DELETE CASCADE,
  role text NOT NULL DEFAULT 'editor' CHECK (role IN ('owner', 'editor', 'viewer')),
  PRIMARY KEY ("albumId", "userId")
);

CREATE TABLE album_asset (
  "albumId" uuid NOT NULL REFERENCES album ON DELETE CASCADE,
  "assetId" uuid NOT NULL REFERENCES asset ON DELETE CASCADE,
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY ("albumId", "assetId")
);

CREATE TABLE system_metadata (
  key text PRIMARY KEY,
  value jsonb NOT NULL
);

CREATE TABLE version_history (
  id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  version text NOT NULL
);

CREATE TABLE integrity_report (
  id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
  type text NOT NULL,
  path text NOT NULL,
  "assetId" uuid REFERENCES asset ON DELETE CASCADE,
  "createdAt" timestamptz NOT NULL DEFAULT now()
);
