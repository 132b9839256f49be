"""What subjects say of programs that answer, of receipts, and of answers to invitations.

How they are written down: see `ways_to_say`.
"""

import re
from typing import Final

from services.ingest.read.mail.ways_to_say import ways

_AUTOMATIC = ways(
    r"""
    auto(?:mated|matic|matisk|mated)?[ -]?(?:e-?mail )?(?:reply|response|answer|responder|svar|\
    antwort|antwoord|respuesta|risposta|reponse)
    out of office auto ?-?reply
    automatische antwort
    automatisch antwoord
    automatische beantwortung
    reponse automatique
    message automatique
    risposta automatica
    respuesta automatica
    resposta automatica
    autorespuesta
    autoresponder
    autorisposta
    automatsvar
    automaattinen (?:vastaus|poissaoloviesti)
    odpowiedz automatyczna
    automatyczna odpowiedz
    automaticka odpoved
    automatikus valasz
    raspuns automat
    αυτόματη απάντηση
    otomatik (?:yanit|cevap)
    автоответ(?:чик)?
    автоматический ответ
    автоматична відповідь
    automatski odgovor
    автоматичен отговор
    自動(?:返信|応答|回覆|回复)
    自动(?:回复|答复|回覆)
    자동 ?(?:회신|응답|답장)
    תשובה אוטומטית
    מענה אוטומטי
    رد تلقائي
    الرد التلقائي
    trả lời tự động
    """
)
_AWAY_TITLES = ways(
    r"""
    out of (?:the )?office
    ooo
    away from (?:the |my )?(?:office|desk|mail)
    vacation (?:reply|message|notice)
    abwesenheits(?:notiz|meldung|nachricht|info)
    abwesend
    nicht im (?:buro|haus)
    ausser haus
    absence du bureau
    absent(?:e)? du bureau
    message d'absence
    absence
    fuori (?:sede|ufficio)
    assente(?:za)?
    assenza dall'ufficio
    (?:respuesta de )?fuera de (?:la )?oficina
    ausencia
    ausente do escritorio
    fora do escritorio
    afwezig(?:heid)?
    niet aanwezig
    franvaro(?:meddelande)?
    fravaer
    ikke til stede
    ikke tilstede
    poissa(?:olo)?
    poissaoloviesti
    poza biurem
    nieobecnosc
    nepritomnost
    mimo kancelar
    hazon kivul
    tavollet
    plecat din birou
    absenta
    ofis disinda
    εκτός γραφείου
    απουσία
    вне офиса
    отсутств\w*
    поза офісом
    不在(?:通知|のお知らせ|連絡)?
    休暇中
    休假
    부재(?:중)?
    מחוץ למשרד
    خارج المكتب
    """
)

_BEFORE = r"\s*(?:yahoo! )?(?:\[[^\]]{1,60}\]\s?:?)?\s*[\[\(【*]{0,3}\s*"

TITLES: Final = re.compile(
    rf"{_BEFORE}(?:{_AUTOMATIC})\s*(?:[\]\)】*]|\Z|\s?[:：(])"
    rf"|\s*[\[【(][^\]】)]{{0,30}}(?:{_AUTOMATIC})[^\]】)]{{0,10}}[\]】)]",
    re.IGNORECASE,
)
"""The whole subject, or what stands before its colon, says that a program answers."""

TITLE_STARTS: Final = re.compile(rf"{_BEFORE}(?:{_AUTOMATIC})", re.IGNORECASE)
"""The subject begins so; people write so too: a weak sign."""

AWAY_TITLES: Final = re.compile(
    rf"\s*[\[\(【*]{{0,3}}\s*(?:{_AWAY_TITLES})(?P<more>\s*[\]\)】*:：!.]{{0,3}}\s*\S)?"
    r"|.{1,80} is out of (?:the )?office",
    re.IGNORECASE,
)
"""The subject begins like an absence's notice. With `more` behind it people write so too."""

_READ_TITLES = ways(
    r"""
    (?:not )?read
    gelesen
    (?:ungelesen )?geloe?scht
    lu
    letto
    leido
    lido
    gelezen
    laest
    last
    lest
    luettu
    przeczytane
    precteno
    elolvasva
    citit
    прочитано
    已读
    已讀
    読み取り
    開封済み
    開封(?:確認|通知)?
    읽음
    (?:message )?disposition notification
    return receipt(?: \(displayed\))?
    read receipt
    lesebestae?tigung
    accuse de lecture
    ricevuta di lettura
    confirmacion de lectura
    leesbevestiging
    """
)

READ_TITLES: Final = re.compile(rf"\s*(?:{_READ_TITLES})\s*(?:[(:：-]|\Z)", re.IGNORECASE)
"""A mail was opened."""

_CALENDAR_TITLES = ways(
    r"""
    accepted
    declined
    tentative(?:ly accepted)?
    new time proposed
    zugesagt
    abgesagt
    mit vorbehalt
    accepte
    refuse
    provisoire
    accettat[oa]
    rifiutat[oa]
    provvisori[oa]
    aceptad[oa]
    rechazad[oa]
    aceit[eo]
    recusad[oa]
    geaccepteerd
    geweigerd
    accepterat
    avvisat
    accepteret
    afvist
    godtatt
    zaakceptowano
    prijato
    """
)

CALENDAR_TITLES: Final = re.compile(rf"\s*(?:{_CALENDAR_TITLES})\s?:", re.IGNORECASE)
"""An answer to an invitation."""
