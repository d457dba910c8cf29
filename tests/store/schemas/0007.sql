BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0007');
CREATE TABLE answer_people (
	message_id VARCHAR(32) NOT NULL, 
	user_id BIGINT NOT NULL, 
	CONSTRAINT pk_answer_people PRIMARY KEY (message_id, user_id), 
	CONSTRAINT fk_answer_people_message_id FOREIGN KEY(message_id) REFERENCES messages (id) ON DELETE CASCADE
);
CREATE TABLE calls (
	guild_id BIGINT NOT NULL, 
	channel_id BIGINT NOT NULL, 
	started_at DATETIME NOT NULL, 
	CONSTRAINT pk_calls PRIMARY KEY (guild_id)
);
INSERT INTO "calls" VALUES(1,2,'2026-11-01 12:00:00.000000');
CREATE TABLE charge_people (
	charge_id VARCHAR(32) NOT NULL, 
	user_id BIGINT NOT NULL, 
	CONSTRAINT pk_charge_people PRIMARY KEY (charge_id, user_id), 
	CONSTRAINT fk_charge_people_charge_id FOREIGN KEY(charge_id) REFERENCES charges (id) ON DELETE CASCADE
);
INSERT INTO "charge_people" VALUES('c1',11);
CREATE TABLE charge_purses (
	charge_id VARCHAR(32) NOT NULL, 
	owner VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_charge_purses PRIMARY KEY (charge_id, owner), 
	CONSTRAINT fk_charge_purses_charge_id FOREIGN KEY(charge_id) REFERENCES charges (id) ON DELETE CASCADE
);
CREATE TABLE charges (
	id VARCHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	guild_id BIGINT NOT NULL, 
	channel_id BIGINT NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	model TEXT NOT NULL, 
	text_in BIGINT NOT NULL, 
	audio_in BIGINT NOT NULL, 
	cached_in BIGINT NOT NULL, 
	text_out BIGINT NOT NULL, 
	audio_out BIGINT NOT NULL, 
	micro_dollars BIGINT, 
	estimated BOOLEAN NOT NULL, 
	CONSTRAINT pk_charges PRIMARY KEY (id)
);
INSERT INTO "charges" VALUES('c1','2026-11-01 12:00:00.000000',1,2,'reply','m',1,2,3,4,5,12345,1);
CREATE TABLE consents (
	guild_id BIGINT NOT NULL, 
	user_id BIGINT NOT NULL, 
	agreed BOOLEAN NOT NULL, 
	at DATETIME NOT NULL, policy VARCHAR(16), 
	CONSTRAINT pk_consents PRIMARY KEY (guild_id, user_id)
);
INSERT INTO "consents" VALUES(1,11,1,'2026-11-01 12:00:00.000000',NULL);
INSERT INTO "consents" VALUES(1,12,0,'2026-11-01 12:00:00.000000',NULL);
CREATE TABLE departures (
	guild_id BIGINT NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_departures PRIMARY KEY (guild_id)
);
CREATE TABLE forgettings (
	user_id BIGINT NOT NULL, 
	CONSTRAINT pk_forgettings PRIMARY KEY (user_id)
);
CREATE TABLE holds (
	id VARCHAR(32) NOT NULL, 
	owner VARCHAR(32) NOT NULL, 
	guild_id BIGINT NOT NULL, 
	micro_dollars BIGINT NOT NULL, 
	until DATETIME NOT NULL, 
	CONSTRAINT pk_holds PRIMARY KEY (id, owner)
);
CREATE TABLE identifies (
	shard_id BIGINT NOT NULL, 
	at DOUBLE NOT NULL, 
	CONSTRAINT pk_identifies PRIMARY KEY (shard_id, at)
);
CREATE TABLE messages (
	id VARCHAR(32) NOT NULL, 
	guild_id BIGINT NOT NULL, 
	channel_id BIGINT NOT NULL, 
	at DATETIME NOT NULL, 
	role VARCHAR(9) NOT NULL, 
	speaker_id BIGINT NOT NULL, 
	speaker TEXT NOT NULL, 
	text TEXT NOT NULL, 
	audio_id TEXT, 
	expires_at DOUBLE, 
	interrupted BOOLEAN NOT NULL, sealed VARCHAR(16), 
	CONSTRAINT pk_messages PRIMARY KEY (id)
);
INSERT INTO "messages" VALUES('m1',1,2,'2026-11-01 12:00:00.000000','user',11,'Änna','聞き手?',NULL,NULL,0,NULL);
CREATE TABLE news (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at DATETIME NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	guild_id BIGINT NOT NULL, 
	subject BIGINT NOT NULL
);
CREATE TABLE purse_keys (
	day DATE NOT NULL, 
	"key" TEXT NOT NULL, 
	sealed VARCHAR(16), 
	CONSTRAINT pk_purse_keys PRIMARY KEY (day)
);
CREATE TABLE settings (
	guild_id BIGINT NOT NULL, 
	channel_id BIGINT NOT NULL, 
	name VARCHAR(32) NOT NULL, 
	value TEXT NOT NULL, 
	changed_by BIGINT, 
	changed_at DATETIME NOT NULL, 
	CONSTRAINT pk_settings PRIMARY KEY (guild_id, channel_id, name)
);
CREATE INDEX ix_messages_channel_id_at ON messages (channel_id, at);
CREATE INDEX ix_messages_guild_id_at ON messages (guild_id, at);
CREATE INDEX ix_messages_speaker_id ON messages (speaker_id);
CREATE INDEX ix_charges_guild_id_at ON charges (guild_id, at);
CREATE INDEX ix_charge_people_user_id ON charge_people (user_id);
CREATE INDEX ix_news_at ON news (at);
CREATE INDEX ix_answer_people_user_id ON answer_people (user_id);
CREATE INDEX ix_messages_sealed_id ON messages (sealed, id);
CREATE INDEX ix_holds_guild_id_owner ON holds (guild_id, owner);
DELETE FROM "sqlite_sequence";
COMMIT;
