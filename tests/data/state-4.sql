BEGIN TRANSACTION;
CREATE TABLE content (key text primary key, octets blob not null);
CREATE TABLE count (
    printer text not null,
    job integer not null,
    resource integer not null,
    kind text not null,
    trimmed integer not null,
    born integer not null,
    primary key (job, printer, resource, kind)
) without rowid;
INSERT INTO "count" VALUES('',0,0,'job-completed',1,0);
INSERT INTO "count" VALUES('',0,0,'job-created',4,0);
INSERT INTO "count" VALUES('',0,0,'job-state-changed',2,0);
INSERT INTO "count" VALUES('',0,0,'printer-config-changed',1,0);
INSERT INTO "count" VALUES('',0,0,'printer-created',3,0);
INSERT INTO "count" VALUES('',0,0,'printer-state-changed',2,0);
INSERT INTO "count" VALUES('p1',0,0,'job-created',1,0);
INSERT INTO "count" VALUES('p1',0,0,'job-state-changed',1,0);
INSERT INTO "count" VALUES('p1',0,0,'printer-created',1,0);
INSERT INTO "count" VALUES('p1',0,0,'printer-state-changed',1,0);
INSERT INTO "count" VALUES('p2',0,0,'job-created',1,0);
INSERT INTO "count" VALUES('p2',0,0,'printer-created',1,0);
INSERT INTO "count" VALUES('p3',0,0,'job-completed',1,0);
INSERT INTO "count" VALUES('p3',0,0,'job-created',2,0);
INSERT INTO "count" VALUES('p3',0,0,'job-state-changed',1,0);
INSERT INTO "count" VALUES('p3',0,0,'printer-config-changed',1,0);
INSERT INTO "count" VALUES('p3',0,0,'printer-created',1,0);
INSERT INTO "count" VALUES('p3',0,0,'printer-state-changed',1,0);
CREATE TABLE delivery (subscription integer primary key, number integer not null);
CREATE TABLE event (seq integer primary key, body blob not null);
INSERT INTO "event" VALUES(14,cast('{"kind":"job-created","at":1700000400.0,"printer":"p3","job":5,"job_status":{"state":3,"reasons":[],"message":"","name":"Untitled","owner":"ada","impressions":null,"impressions_completed":0},"printer_status":null,"system_status":null,"resource":null,"resource_status":null,"notice":null,"dialog":null,"changed":["state","reasons","documents"],"seq":14}' as blob));
INSERT INTO "event" VALUES(15,cast('{"kind":"job-created","at":1700000400.0,"printer":"p1","job":6,"job_status":{"state":3,"reasons":[],"message":"","name":"Untitled","owner":"ada","impressions":null,"impressions_completed":0},"printer_status":null,"system_status":null,"resource":null,"resource_status":null,"notice":null,"dialog":null,"changed":["state","reasons","documents"],"seq":15}' as blob));
INSERT INTO "event" VALUES(16,cast('{"kind":"printer-state-changed","at":1700000400.0,"printer":"p3","job":null,"job_status":null,"printer_status":{"state":4,"reasons":[],"message":"","accepting":false,"current":2},"system_status":null,"resource":null,"resource_status":null,"notice":null,"dialog":null,"changed":["accepting"],"seq":16}' as blob));
INSERT INTO "event" VALUES(17,cast('{"kind":"job-state-changed","at":1700000400.0,"printer":"p3","job":2,"job_status":{"state":5,"reasons":["job-canceled-by-operator","processing-to-stop-point"],"message":"","name":"Untitled","owner":"ada","impressions":null,"impressions_completed":0},"printer_status":null,"system_status":null,"resource":null,"resource_status":null,"notice":null,"dialog":null,"changed":["reasons"],"seq":17}' as blob));
INSERT INTO "event" VALUES(18,cast('{"kind":"job-completed","at":1700000400.0,"printer":"p3","job":5,"job_status":{"state":7,"reasons":["job-canceled-by-operator"],"message":"","name":"Untitled","owner":"ada","impressions":null,"impressions_completed":0},"printer_status":null,"system_status":null,"resource":null,"resource_status":null,"notice":null,"dialog":null,"changed":["state","reasons"],"seq":18}' as blob));
INSERT INTO "event" VALUES(19,cast('{"kind":"job-completed","at":1700000400.0,"printer":"p3","job":2,"job_status":{"state":7,"reasons":["job-canceled-by-operator"],"message":"","name":"Untitled","owner":"ada","impressions":null,"impressions_completed":0},"printer_status":null,"system_status":null,"resource":null,"resource_status":null,"notice":null,"dialog":null,"changed":["state","reasons"],"seq":19}' as blob));
INSERT INTO "event" VALUES(20,cast('{"kind":"printer-state-changed","at":1700000400.0,"printer":"p3","job":null,"job_status":null,"printer_status":{"state":3,"reasons":[],"message":"","accepting":false,"current":null},"system_status":null,"resource":null,"resource_status":null,"notice":null,"dialog":null,"changed":["state"],"seq":20}' as blob));
INSERT INTO "event" VALUES(21,cast('{"kind":"printer-deleted","at":1700000400.0,"printer":"p3","job":null,"job_status":null,"printer_status":{"state":3,"reasons":[],"message":"","accepting":false,"current":null},"system_status":null,"resource":null,"resource_status":null,"notice":null,"dialog":null,"changed":[],"seq":21}' as blob));
INSERT INTO "event" VALUES(22,cast('{"kind":"printer-config-changed","at":1700000400.0,"printer":"p1","job":null,"job_status":null,"printer_status":{"state":4,"reasons":[],"message":"","accepting":true,"current":1},"system_status":null,"resource":null,"resource_status":null,"notice":null,"dialog":null,"changed":["default"],"seq":22}' as blob));
INSERT INTO "event" VALUES(23,cast('{"kind":"job-state-changed","at":1700000400.0,"printer":"p1","job":1,"job_status":{"state":3,"reasons":["pagebell-reprinting-after-interruption"],"message":"","name":"Untitled","owner":"ada","impressions":null,"impressions_completed":0},"printer_status":null,"system_status":null,"resource":null,"resource_status":null,"notice":null,"dialog":null,"changed":["state","reasons"],"seq":23}' as blob));
INSERT INTO "event" VALUES(24,cast('{"kind":"printer-state-changed","at":1700000400.0,"printer":"p1","job":null,"job_status":null,"printer_status":{"state":3,"reasons":[],"message":"","accepting":true,"current":null},"system_status":null,"resource":null,"resource_status":null,"notice":null,"dialog":null,"changed":["state"],"seq":24}' as blob));
CREATE TABLE job (
    id integer primary key autoincrement,
    printer text not null,
    state integer not null,
    owner text not null,
    completed_at real,
    version integer not null,
    body blob not null
);
INSERT INTO "job" VALUES(1,'p1',3,'ada',NULL,3,cast('{"id":1,"uuid":"445294e0-4c0e-44ee-9546-157bdb33ed9a","printer":"p1","name":"Untitled","owner":"ada","created":1700000000.0,"state":3,"reasons":["pagebell-reprinting-after-interruption"],"message":"","host":"","ticket":{"copies":null,"finishings":null,"finishings_col":null,"job_hold_until":null,"job_hold_until_time":null,"job_priority":null,"job_sheets":null,"media":null,"media_col":null,"multiple_document_handling":null,"number_up":null,"orientation_requested":null,"output_bin":null,"page_ranges":null,"page_set":null,"print_color_mode":null,"print_content_optimize":null,"print_quality":null,"print_rendering_intent":null,"print_scaling":null,"printer_resolution":null,"proof":null,"sides":null,"overrides":null},"password":null,"documents":[{"number":1,"key":"1-1-978cbdde","format":"text/plain","octets":5,"digest":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","name":"","impressions":null,"language":"","uri":"","canceled":false}],"open":false,"processing_at":null,"completed_at":null,"impressions":null,"impressions_completed":0,"priority":50,"rank":0.0,"hold_until":null,"resumed":null,"operator_message":"","proved":false,"touched":1700000000.0,"purging":false,"charset":"utf-8","language":"en","properties":[],"clients":[],"owner_uri":"","milestones":null,"version":3}' as blob));
INSERT INTO "job" VALUES(4,'p2',4,'ada',NULL,1,cast('{"id":4,"uuid":"ad0991c7-ec96-455f-96fc-d5184e333d68","printer":"p2","name":"Untitled","owner":"ada","created":1700000000.0,"state":4,"reasons":["job-hold-until-specified"],"message":"","host":"","ticket":{"copies":null,"finishings":null,"finishings_col":null,"job_hold_until":"indefinite","job_hold_until_time":null,"job_priority":null,"job_sheets":null,"media":null,"media_col":null,"multiple_document_handling":null,"number_up":null,"orientation_requested":null,"output_bin":null,"page_ranges":null,"page_set":null,"print_color_mode":null,"print_content_optimize":null,"print_quality":null,"print_rendering_intent":null,"print_scaling":null,"printer_resolution":null,"proof":null,"sides":null,"overrides":null},"password":null,"documents":[{"number":1,"key":"4-1-f525e5ec","format":"text/plain","octets":5,"digest":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","name":"","impressions":null,"language":"","uri":"","canceled":false}],"open":false,"processing_at":null,"completed_at":null,"impressions":null,"impressions_completed":0,"priority":50,"rank":0.0,"hold_until":null,"resumed":null,"operator_message":"","proved":false,"touched":1700000000.0,"purging":false,"charset":"utf-8","language":"en","properties":[],"clients":[],"owner_uri":"","milestones":null,"version":1}' as blob));
INSERT INTO "job" VALUES(6,'p1',3,'ada',NULL,1,cast('{"id":6,"uuid":"bd26d676-3b26-4570-9f8e-44e413f43eed","printer":"p1","name":"Untitled","owner":"ada","created":1700000400.0,"state":3,"reasons":[],"message":"","host":"","ticket":{"copies":null,"finishings":null,"finishings_col":null,"job_hold_until":null,"job_hold_until_time":null,"job_priority":null,"job_sheets":null,"media":null,"media_col":null,"multiple_document_handling":null,"number_up":null,"orientation_requested":null,"output_bin":null,"page_ranges":null,"page_set":null,"print_color_mode":null,"print_content_optimize":null,"print_quality":null,"print_rendering_intent":null,"print_scaling":null,"printer_resolution":null,"proof":null,"sides":null,"overrides":null},"password":null,"documents":[{"number":1,"key":"6-1-5eb8141a","format":"text/plain","octets":5,"digest":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","name":"","impressions":null,"language":"","uri":"","canceled":false}],"open":false,"processing_at":null,"completed_at":null,"impressions":null,"impressions_completed":0,"priority":50,"rank":0.0,"hold_until":null,"resumed":null,"operator_message":"","proved":false,"touched":1700000400.0,"purging":false,"charset":"utf-8","language":"en","properties":[],"clients":[],"owner_uri":"","milestones":null,"version":1}' as blob));
CREATE TABLE meta (key text primary key, value text not null) without rowid;
INSERT INTO "meta" VALUES('default-printer','p1');
INSERT INTO "meta" VALUES('last-event','13');
INSERT INTO "meta" VALUES('uuid','2e2a831c-7ca7-4192-8836-c3afaf3c2696');
CREATE TABLE printer (name text primary key, version integer not null, body blob not null) without rowid;
INSERT INTO "printer" VALUES('p1',3,cast('{"name":"p1","uuid":"bcd44d62-cb70-4b27-8f9b-170d1f1b4a81","device":"scripted:p1","created":1700000000.0,"id":1,"info":"p1","location":"","alias":"","access":null,"accepting":true,"paused":false,"pausing":false,"holding_new":false,"deactivated":false,"shut_down":false,"device_stopped":false,"device_reasons":[],"device_message":"","supplies":[],"questions":[],"failed_sources":[],"current":null,"state":3,"defaults":{"copies":null,"finishings":null,"finishings_col":null,"job_hold_until":null,"job_hold_until_time":null,"job_priority":null,"job_sheets":null,"media":null,"media_col":null,"multiple_document_handling":null,"number_up":null,"orientation_requested":null,"output_bin":null,"page_ranges":null,"page_set":null,"print_color_mode":null,"print_content_optimize":null,"print_quality":null,"print_rendering_intent":null,"print_scaling":null,"printer_resolution":null,"proof":null,"sides":null,"overrides":null},"organization":"","organizational_unit":"","geo_location":"","contact":{"name":"","uri":"","vcard":[]},"operator_message":"","operator_message_at":0.0,"resources":[],"changed":1700000000.0,"state_changed":1700000400.0,"version":3}' as blob));
INSERT INTO "printer" VALUES('p2',1,cast('{"name":"p2","uuid":"ed3bd25b-ca8f-4997-a3de-ccd63652c8eb","device":"scripted:p2","created":1700000000.0,"id":2,"info":"p2","location":"","alias":"","access":null,"accepting":true,"paused":false,"pausing":false,"holding_new":false,"deactivated":false,"shut_down":false,"device_stopped":false,"device_reasons":[],"device_message":"","supplies":[],"questions":[],"failed_sources":[],"current":null,"state":3,"defaults":{"copies":null,"finishings":null,"finishings_col":null,"job_hold_until":null,"job_hold_until_time":null,"job_priority":null,"job_sheets":null,"media":null,"media_col":null,"multiple_document_handling":null,"number_up":null,"orientation_requested":null,"output_bin":null,"page_ranges":null,"page_set":null,"print_color_mode":null,"print_content_optimize":null,"print_quality":null,"print_rendering_intent":null,"print_scaling":null,"printer_resolution":null,"proof":null,"sides":null,"overrides":null},"organization":"","organizational_unit":"","geo_location":"","contact":{"name":"","uri":"","vcard":[]},"operator_message":"","operator_message_at":0.0,"resources":[],"changed":1700000000.0,"state_changed":1700000000.0,"version":1}' as blob));
CREATE TABLE resource (
    id integer primary key autoincrement,
    version integer not null,
    body blob not null
);
CREATE TABLE setting (
    owner text not null,
    section text not null,
    name text not null,
    octets blob not null,
    primary key (owner, section, name)
) without rowid;
INSERT INTO "setting" VALUES('p2','data','kept',X'78');
CREATE TABLE subscription (
    id integer primary key autoincrement,
    job integer,
    born integer,
    base integer,
    paced_at real,
    body blob not null
);
INSERT INTO "subscription" VALUES(1,NULL,NULL,0,NULL,cast('{"id":1,"uuid":"b0db52e1-0ee9-427c-a5bf-2619ef2cad88","scope":{"printer":null,"job":null,"resource":null,"printers":[]},"events":["job-completed","printer-deleted"],"owner":"ada","created":1700000000.0,"expires":1700086400.0,"lease":86400,"user_data":"","charset":"utf-8","language":"en","attributes":[],"interval":0,"pull_method":"ippget","recipient":"","secret":"","since":3}' as blob));
INSERT INTO "subscription" VALUES(2,NULL,NULL,0,NULL,cast('{"id":2,"uuid":"f834084f-4d53-4fd9-86b3-4b0eccde7a21","scope":{"printer":"p1","job":null,"resource":null,"printers":[]},"events":["job-completed","printer-deleted"],"owner":"ada","created":1700000000.0,"expires":1700086400.0,"lease":86400,"user_data":"","charset":"utf-8","language":"en","attributes":[],"interval":0,"pull_method":"ippget","recipient":"","secret":"","since":3}' as blob));
INSERT INTO "subscription" VALUES(3,NULL,NULL,0,NULL,cast('{"id":3,"uuid":"83a2f8ef-ff72-4208-b6da-34250b19ccc0","scope":{"printer":null,"job":null,"resource":null,"printers":["p1","p2","p3"]},"events":["job-completed","printer-deleted"],"owner":"ada","created":1700000000.0,"expires":1700086400.0,"lease":86400,"user_data":"","charset":"utf-8","language":"en","attributes":[],"interval":0,"pull_method":"ippget","recipient":"","secret":"","since":3}' as blob));
INSERT INTO "subscription" VALUES(4,4,12,0,NULL,cast('{"id":4,"uuid":"f708fabd-91c2-498c-8258-ef4cee031160","scope":{"printer":"p2","job":4,"resource":null,"printers":[]},"events":["job-completed","printer-deleted"],"owner":"ada","created":1700000000.0,"expires":null,"lease":0,"user_data":"","charset":"utf-8","language":"en","attributes":[],"interval":0,"pull_method":"ippget","recipient":"","secret":"","since":12}' as blob));
CREATE INDEX job_living on job (id) where completed_at is null;
CREATE INDEX job_finished on job (completed_at, id) where completed_at is not null;
CREATE INDEX job_finished_printer on job (printer, completed_at, id) where completed_at is not null;
CREATE INDEX job_finished_owner on job (owner, completed_at, id) where completed_at is not null;
CREATE INDEX job_finished_state on job (state, completed_at, id) where completed_at is not null;
CREATE INDEX subscription_job on subscription (job, born) where job is not null;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('subscription',4);
INSERT INTO "sqlite_sequence" VALUES('job',6);
COMMIT;
pragma user_version = 4;
