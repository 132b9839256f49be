"""How mail programs introduce the mail that is answered or forwarded, in the languages they speak.

All patterns are bounded and have no quantifier inside another; they are meant for single lines, or
for a few joined, of some hundred characters.
"""

import re

_START_WORDS = """
on; at; el; le; am; il; em; op; den; på; w; dnia; dne; dňa; na; în; la; στις; vào; pada; a; in; ב;
בתאריך; 在; 于; 於; em; de; da; i; el día; il giorno; am tag; ve; v; 日期; הודעה
"""
_WROTE = """
wrote; writes; has written; a écrit; écrivait; écrit; geschrieben; folgendes geschrieben;
hat geschrieben; heeft geschreven; scrisse; escribía; ha escrito; har skrivit; har skrevet;
je napsal; a écrit; escribió; escribio; escreveu; ha scritto; scrive; schrieb; schreef; skrev;
kirjoitti; napisał; napisała; napisał(a); pisze; написал; написала; написал(а); написал(a); пишет;
писал; писала; писал(а); пише; написав; napsal; napsala; napsal(a); napísal; napísala; írta;
ezt írta; a scris; έγραψε; 写道; 寫道; 书写; 写了; 書きました; 書き込みました; 작성; 님이 작성;
쓴 글; yazdı; şunu yazdı; şunları yazdı; כתב; כתבה; כתב/ה; كتب; đã viết; เขียนว่า; menulis
"""
_FROM = """
from; de; da; von; van; från; fra; lähettäjä; od; от; від; feladó; de la; από; expéditeur;
remitente; mittente; absender; afzender; avsändare; nadawca; odesílatel; kimden; gönderen; מאת;
من; 发件人; 寄件者; 寄件人; 差出人; 送信者; 보낸 사람; 보낸사람; 發件人
"""
_OTHERS = """
sent; date; to; cc; subject; enviado; enviado el; enviado em; enviada; enviada em; para; fecha;
data; asunto; assunto; copia; cópia; inviato; a; oggetto; envoyé; à; objet; date d'envoi;
gesendet; an; datum; betreff; kopie; verzonden; aan; onderwerp; skickat; till; ämne; kopia; sendt;
dato; til; emne; lähetetty; päivämäärä; reply-to; antwort an; rispondi a; responder a; répondre à;
destinataire; destinatario; destinatário; destinatari; gesendet am; enviado a; تم الإرسال;
تاريخ الإرسال; odoslané; gửi; đã gửi; dikirim; wysłane; wysłana; vastaanottaja; aihe; kopio;
wysłano; do; temat; dw; odesláno; komu; předmět; predmet; отправлено; дата; кому; тема; копия;
надіслано; elküldve; dátum; címzett; tárgy; trimis; către; subiect; στάλθηκε; προς; θέμα;
ημερομηνία; gönderildi; gönderme tarihi; tarih; kime; kime/kimlere; konu; bilgi; נשלח; תאריך; אל;
נושא; تاريخ; إلى; الموضوع; 发送时间; 发送日期; 日期; 寄件日期; 收件人; 收件者; 主题; 主旨; 抄送;
副本; 送信日時; 日時; 宛先; 件名; 보낸 날짜; 날짜; 받는 사람; 받는사람; 제목; 참조; 寄件時間;
發送時間
"""
_SUBJECT = """
subject; asunto; assunto; oggetto; objet; betreff; onderwerp; ämne; emne; aihe; temat; předmět;
predmet; тема; tárgy; subiect; θέμα; konu; נושא; الموضوع; 主题; 主旨; 件名; 제목; betr; re;
betrifft; chủ đề
"""
_HEADERS = f"{_FROM};{_OTHERS};{_SUBJECT};时间"
_ORIGINAL = """
original message; replied message; 回复的原邮件; 回覆的原郵件; original appointment;
reply message; mensaje original; messaggio originale; message d'origine; message d’origine;
message original; mail original; courriel original; e-mail d'origine; originele bericht;
původní e-mail; původní e‑mail; pôvodný e-mail; eredeti e-mail; ursprüngliche nachricht;
ursprungliche nachricht; original-nachricht; originalnachricht; mensagem original;
oorspronkelijk bericht; origineel bericht; ursprungligt meddelande; originalmeddelande;
oprindelig meddelelse; original meddelelse; opprinnelig melding; alkuperäinen viesti;
wiadomość oryginalna; oryginalna wiadomość; původní zpráva; pôvodná správa; eredeti üzenet;
mesaj original; исходное сообщение; оригинальное сообщение; пересылаемое сообщение;
оригінальне повідомлення; orijinal ileti; özgün ileti; asıl ileti; 原始邮件; 原始郵件; 邮件原件;
元のメッセージ; original message from; 원본 메시지; 원본 메일; ההודעה המקורית; הודעה מקורית;
الرسالة الأصلية
"""
_FORWARDED = """
forwarded message; mensaje reenviado; messaggio inoltrato; message transféré; message réexpédié;
weitergeleitete nachricht; mensagem encaminhada; mensagem reencaminhada; doorgestuurd bericht;
vidarebefordrat meddelande; videresendt meddelelse; videresendt melding; edelleenlähetetty viesti;
välitetty viesti; wiadomość przekazana dalej; przekazana wiadomość; přeposlaná zpráva;
továbbított üzenet; mesaj redirecționat; пересланное сообщение; переслане повідомлення;
yönlendirilmiş ileti; iletilen ileti; iletilmiş mesaj; 转发的邮件; 轉寄郵件; 转发邮件信息;
転送メッセージ; 전달된 메일; 전달된 메시지; הודעה שהועברה; الرسالة المعاد توجيهها
"""
_FORWARD_LINES = """
begin forwarded message; inizio messaggio inoltrato; inicio del mensaje reenviado;
début du message réexpédié; début du message transféré; anfang der weitergeleiteten nachricht;
início da mensagem reencaminhada; início da mensagem encaminhada; begin doorgestuurd bericht;
vidarebefordrat brev; start på vidaresänt brev; videresendt besked;
начало переадресованного сообщения; начало пересылаемого сообщения; 转发的邮件; 開始轉寄郵件;
転送されたメッセージ; 전달된 메시지의 시작
"""
_FORWARD_PREFIXES = """
fwd; fw; wg; tr; rv; enc; i; inoltro; vb; doorst; pd; 转发; 轉寄; 転送; 전달; ilt; trs
"""


def _phrases(lines: str) -> list[str]:
    return sorted(
        {" ".join(phrase.split()) for phrase in lines.split(";") if phrase.strip()},
        key=len,
        reverse=True,
    )


def _any_of(lines: str) -> str:
    return "|".join(map(re.escape, _phrases(lines)))


ORIGINAL_MESSAGE = re.compile(
    rf"\s{{0,9}}[-_‐—=*]{{2,60}}\s{{0,9}}(?:{_any_of(_ORIGINAL)})\s{{0,9}}:?"
    r"[-_‐—=*]{0,60}\s{0,9}",
    re.IGNORECASE,
)
"""A whole line that says that the mail which is answered follows."""

ORIGINAL_BARE = re.compile(rf"\s{{0,9}}(?:{_any_of(_ORIGINAL)})\s{{0,9}}:?\s{{0,9}}", re.IGNORECASE)
"""The same without dashes: only above a header block."""

FORWARDED = re.compile(
    rf"\s{{0,9}}(?:[-_‐—=*]{{2,60}}\s{{0,9}}(?:{_any_of(_FORWARDED)})\s{{0,9}}:?[-_‐—=*]{{0,60}}"
    rf"|(?:{_any_of(_FORWARD_LINES)})\s?[:：])\s{{0,9}}",
    re.IGNORECASE,
)
"""A whole line that says that a mail which is passed on follows."""

FORWARD_SUBJECT = re.compile(
    rf"\s{{0,9}}(?:{_any_of(_FORWARD_PREFIXES)})\s{{0,3}}[:：]", re.IGNORECASE
)
"""How the subject of a mail begins that passes another one on."""

_TO = """
to; para; a; à; an; aan; till; til; do; komu; кому; címzett; către; προς; kime; kime/kimlere; אל;
إلى; 收件人; 收件者; 宛先; 받는 사람; 받는사람; vastaanottaja; destinataire; destinatario;
destinatário; destinatari
"""
_SENT = """
sent; date; enviado; enviado el; enviado em; enviada; enviada em; enviado a; fecha; data; inviato;
envoyé; date d'envoi; gesendet; gesendet am; datum; verzonden; skickat; sendt; dato; lähetetty;
päivämäärä; wysłano; wysłane; wysłana; odesláno; odoslané; отправлено; дата; надіслано; elküldve;
dátum; trimis; στάλθηκε; ημερομηνία; gönderildi; gönderme tarihi; tarih; נשלח; תאריך; تاريخ;
تم الإرسال; تاريخ الإرسال; 发送时间; 发送日期; 日期; 寄件日期; 送信日時; 日時; 보낸 날짜; 날짜;
寄件時間; 發送時間; 时间; đã gửi; gửi
"""

TO_HEADERS = frozenset(_phrases(_TO))
"""What the line is called that says whom it is to."""

SENT_HEADERS = frozenset(_phrases(_SENT))
"""... when it was sent."""

FIRST_HEADERS = frozenset(_phrases(_FROM))
"""What the line of a header block is called that says whom it is from, in lower case."""

SUBJECT_HEADERS = frozenset(_phrases(_SUBJECT))
"""... and the one that says what it is about."""

HEADER_LINE = re.compile(
    rf"\s{{0,9}}\*{{0,2}}(?P<name>{_any_of(_HEADERS)})\s{{0,3}}\*{{0,2}}"
    r"(?::\*{0,2}\s|：)",
    re.IGNORECASE,
)
"""The start of a line of the header block above a quoted mail."""

ATTRIBUTION_START = re.compile(
    rf"\s{{0,9}}(?:(?:{_any_of(_START_WORDS)})\s|[ב在于於]|בתאריך"
    r"|[^\W\d]{2,14}[.,]{1,2}\s{1,3}(?:[^\W\d]{2,10}\.?\s)?\d"
    r"|[^\W\d]{2}\s\d{1,2}\.\s"
    r"|[^\W\d]{3,9}\s\d{1,2},\s\d{4}"
    r"|\d{1,2}\.?\s[^\W\d]{3,12}\.?,?\s\d{4}"
    r"|\d{4}[-./年]\s?\d{1,2}|\d{1,2}[./]\s?\d{1,2}[./]\s?\d{2,4})",
    re.IGNORECASE,
)
"""How “On Thu, 3 May, Ann wrote:” begins: a word, a day of the week or a date."""

NAME_AND_ADDRESS = re.compile(r"\s{0,9}[^\n<]{1,80}<[^<>\s@]{1,64}@")
"""How it begins in languages that put the verb last and the name first."""

WROTE = re.compile(
    rf"(?:{_any_of(_WROTE)})(?:[\s,][^\n]{{0,160}})?\s{{0,3}}[:：]\s{{0,9}}\Z", re.IGNORECASE
)
"""How it ends: the verb, perhaps the name, a colon."""

WROTE_INLINE = re.compile(rf"(?:{_any_of(_WROTE)})\s{{0,3}}[:：](?=\s{{2,9}}\S)", re.IGNORECASE)
"""How it ends in programs that put the quoted text into the same line."""

WROTE_BARE = re.compile(
    rf"(?:{_any_of(_WROTE)})(?P<rest>(?:\s[^\n:]{{0,80}})?)\s{{0,3}}\Z", re.IGNORECASE
)
"""How it ends in programs that put no colon; `rest` comes after the verb."""

QUOTING = re.compile(
    r"\s{0,9}(?:quoting|zitat von|citation de|citando|citado de|citerar)\s", re.IGNORECASE
)
"""How it begins where a noun is the verb."""

TIMED = re.compile(r"\d{1,2}[:.時点시]\s?\d{2}")
"""A time of the day."""
